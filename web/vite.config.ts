import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { catalogue, catalogueFolder } from './catalogue.alias.ts';
import { cityStyle } from './src/map/style';

// In development the pages are served here and everything else by a running server.
const server = process.env.SERVER_URL ?? 'http://127.0.0.1:8080';

/** Writes the map's styles out of the tokens: /map/style.light.json and /map/style.dark.json. */
function mapStyles(): Plugin {
  return {
    name: 'map-styles',
    generateBundle() {
      for (const scheme of ['light', 'dark'] as const) {
        const source = JSON.stringify(cityStyle(scheme));
        this.emitFile({ type: 'asset', fileName: `map/style.${scheme}.json`, source });
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), mapStyles()],
  base: '/',
  resolve: { alias: catalogue },
  build: {
    target: 'es2022',
    outDir: 'dist',
    assetsDir: 'assets',
    manifest: 'manifest.json',
    // The server compresses nothing at run time: scripts/compress.mjs writes the sizes that count.
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1500,
  },
  worker: { format: 'es' },
  server: {
    port: 5173,
    fs: { allow: ['.', catalogueFolder] },
    proxy: {
      '/api': server,
      '/map': server,
      '/connection': { target: server, ws: true },
    },
  },
});
