import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';

// What a route loads, in gzip kB, summed from the build's own manifest.
const dist = join(import.meta.dirname, '../dist');
type Chunk = { file: string; imports?: string[]; css?: string[]; assets?: string[]; dynamicImports?: string[] };
const manifest = JSON.parse(readFileSync(join(dist, 'manifest.json'), 'utf8')) as Record<string, Chunk>;
const size = (file: string) => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length / 1000;

function filesOf(key: string, seen = new Set<string>()): Set<string> {
  const chunk = manifest[key];
  if (!chunk || seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const css of chunk.css ?? []) seen.add(css);
  for (const other of chunk.imports ?? []) filesOf(other, seen);
  return seen;
}
const sum = (files: Iterable<string>) => [...files].reduce((all, file) => all + size(file), 0);
const shell = filesOf('index.html');
const own = (key: string) => [...filesOf(key)].filter((file) => !shell.has(file));

it('the shell, with the words of any one language, is within 250 kB', () => {
  for (const language of ['en', 'ar', 'fr']) {
    const all = new Set([...shell, ...filesOf(`src/i18n/${language}/index.ts`)]);
    expect(sum(all)).toBeLessThanOrEqual(250);
  }
});

it.each(Object.keys(manifest).filter((key) => key.startsWith('src/pages/') && key.endsWith('Page.tsx')))(
  '%s has a chunk within 60 kB',
  (key) => {
    expect(sum(own(key))).toBeLessThanOrEqual(60);
  },
);

it('the map with its worker is within 460 kB, and no page waits for it', () => {
  const entry = Object.keys(manifest).find((key) => /BaseMap/.test(key) && manifest[key]?.file.endsWith('.js'));
  const map = own(entry ?? '');
  const worker = readdirSync(join(dist, 'assets')).filter((file) => /^maplibre-gl-worker.*\.js$/.test(file));
  expect(worker).toHaveLength(1);
  const styles = Object.values(manifest).flatMap((chunk) => (/BaseMap.*\.css$/.test(chunk.file) ? [chunk.file] : []));
  expect(sum(new Set([...map, ...styles, `assets/${worker[0]}`]))).toBeLessThanOrEqual(460);
  // The heavy part is in a chunk that no page loads for its words.
  const heavy = map.filter((file) => size(file) > 200);
  expect(heavy).toHaveLength(1);
  const waits = Object.keys(manifest).filter(
    (key) => key.endsWith('Page.tsx') && heavy.some((file) => filesOf(key).has(file)),
  );
  expect(waits).toEqual([]);
});

it('fonts: Latin within 50 kB, with Arabic within 100 kB', () => {
  const fonts = new Set(
    Object.values(manifest)
      .flatMap((chunk) => chunk.assets ?? [])
      .filter((file) => file.endsWith('.woff2')),
  );
  const raw = (part: string) =>
    [...fonts]
      .filter((file) => file.includes(part))
      .reduce((all, file) => all + readFileSync(join(dist, file)).length / 1000, 0);
  expect(raw('inter-latin-wght')).toBeGreaterThan(0);
  expect(raw('inter-latin-wght')).toBeLessThanOrEqual(50);
  expect(raw('inter-latin-wght') + raw('vazirmatn-arabic')).toBeLessThanOrEqual(100);
});
