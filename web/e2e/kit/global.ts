import type { TestProject } from 'vitest/node';
import { Server } from './server';

declare module 'vitest' {
  interface ProvidedContext {
    url: string;
  }
}

/** One server for all files; `SERVER_URL` names one that runs already. */
export default async function setup(project: TestProject) {
  const running = process.env.SERVER_URL;
  if (running) {
    project.provide('url', running);
    return;
  }
  const server = await Server.start();
  project.provide('url', server.url);
  return () => server.stop();
}
