//! The real server for the tests: its own data directory, its own private database, its own port.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const BINARY = resolve(process.env.SERVER_BIN ?? '../target/debug/wassally');
const READY_MS = 180_000;

async function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const probe = createServer();
    probe.once('error', failed);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (address && typeof address === 'object' ? done(address.port) : failed(new Error('no port'))));
    });
  });
}

export class Server {
  private child: ChildProcess | null = null;

  private constructor(
    readonly url: string,
    private readonly listen: string,
    private readonly dir: string,
  ) {}

  static async start(): Promise<Server> {
    const listen = `127.0.0.1:${await freePort()}`;
    const dir = mkdtempSync(join(tmpdir(), 'wassally-pages-'));
    // The database runs as a user of its own, who needs access.
    chmodSync(dir, 0o755);
    const server = new Server(`http://${listen}`, listen, dir);
    await server.run();
    return server;
  }

  /** Starts the process and waits until it is ready. */
  async run(): Promise<void> {
    const log = createWriteStream(join(this.dir, 'server.log'), { flags: 'a' });
    // The settings of the calling shell are not the tests' settings.
    const own = Object.entries(process.env).filter(([name]) => !/^(WASSALLY_|DATABASE_URL$|REDIS_URL$)/.test(name));
    const env = { ...Object.fromEntries(own), WASSALLY_LISTEN: this.listen, WASSALLY_DATA_DIR: join(this.dir, 'data') };
    const child = spawn(BINARY, ['serve'], { env, cwd: this.dir, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout?.pipe(log);
    child.stderr?.pipe(log);
    this.child = child;
    const until = Date.now() + READY_MS;
    for (;;) {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: ${this.dir}/server.log`);
      const ready = await fetch(`${this.url}/readyz`).catch(() => null);
      if (ready?.ok) return;
      if (Date.now() > until) throw new Error(`the server is not ready: ${this.dir}/server.log`);
      await new Promise((again) => setTimeout(again, 100));
    }
  }

  /** Ends the process at once, in the middle of whatever it does. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM');
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Changes what no operation can change yet, such as a price or a shop's hours, in the server's own database. */
  sql(statement: string) {
    const args = [
      '-h',
      join(this.dir, 'data/run'),
      '-U',
      'postgres',
      '-d',
      'wassally',
      '-v',
      'ON_ERROR_STOP=1',
      '-c',
      statement,
    ];
    const done = spawnSync('psql', args, { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`${statement}: ${done.stderr}`);
  }

  private async end(signal: NodeJS.Signals) {
    const child = this.child;
    this.child = null;
    if (child === null || child.exitCode !== null) return;
    const gone = new Promise((done) => child.once('exit', done));
    child.kill(signal);
    await gone;
  }
}
