import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// In development the pages are served here and everything else by a running server.
const server = process.env.WASSALLY_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  base: '/',
  build: {
    target: 'es2022',
    outDir: 'dist',
    assetsDir: 'assets',
    manifest: true,
    // The server compresses nothing at run time: scripts/compress.mjs writes the sizes that count.
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1500,
  },
  worker: { format: 'es' },
  server: {
    port: 5173,
    proxy: {
      '/api': server,
      '/map': server,
      '/connection': { target: server, ws: true },
    },
  },
});
