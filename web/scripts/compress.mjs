// Last step of the build: writes a .br and a .gz beside every file of the build that gains from it, so that the server sends bytes it has.
import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const texts = new Set(['.html', '.js', '.mjs', '.css', '.json', '.svg', '.geojson', '.webmanifest']);

function walk(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) walk(path);
    else if (texts.has(extname(name))) compress(path);
  }
}

function compress(path) {
  const plain = readFileSync(path);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length };
  const br = brotliCompressSync(plain, { params });
  const gz = gzipSync(plain, { level: 9 });
  if (br.length < plain.length) writeFileSync(`${path}.br`, br);
  if (gz.length < plain.length) writeFileSync(`${path}.gz`, gz);
}

const at = (path) => new URL(path, import.meta.url).pathname;

// The API's reader at /redoc/ loads this from here, not from a CDN.
copyFileSync(at('../node_modules/redoc/bundles/redoc.standalone.js'), at('../dist/assets/redoc.standalone.js'));
walk(at('../dist'));
