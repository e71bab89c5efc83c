import { defineConfig } from 'vitest/config';
import { catalogue } from './catalogue.alias.ts';

export default defineConfig({
  resolve: { alias: catalogue },
  test: { include: ['src/**/*.test.ts', 'src/**/*.test.tsx', 'scripts/**/*.test.ts'], environment: 'node' },
});
