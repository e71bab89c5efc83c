import { defineConfig } from 'vitest/config';
import { catalogue } from './catalogue.alias.ts';

// The pages in a real browser against the real server: one file after the other, as they share one machine.
export default defineConfig({
  resolve: { alias: catalogue },
  test: {
    include: ['e2e/**/*.e2e.ts'],
    globalSetup: ['e2e/kit/global.ts'],
    environment: 'node',
    fileParallelism: false,
    testTimeout: 90_000,
    hookTimeout: 200_000,
  },
});
