//! A line that can be cut: the browser's own offline switch leaves open sockets open.
import { connect, createServer, type Server, type Socket } from 'node:net';

export class Line {
  private readonly sockets = new Set<Socket>();
  private isCut = false;
  private lost: string | null = null;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async to(target: string): Promise<Line> {
    const { hostname, port } = new URL(target);
    const server = createServer();
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const line = new Line(server, `http://127.0.0.1:${address.port}`);
    server.on('connection', (near) => {
      if (line.isCut) {
        near.destroy();
        return;
      }
      const far = connect(Number(port), hostname);
      let isAsked = false;
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        line.sockets.add(one);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          line.sockets.delete(one);
          other.destroy();
        });
        one.on('data', (bytes) => {
          if (one === near && line.lost !== null && bytes.includes(line.lost)) isAsked = true;
          // The answer is lost, and the line with it: the question arrived all the same.
          if (one === far && isAsked) line.cut();
          else if (!other.write(bytes)) {
            one.pause();
            other.once('drain', () => one.resume());
          }
        });
      }
    });
    return line;
  }

  cut() {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  /** Cuts the line when the answer comes back to a request that names `path`. */
  loseAnswer(path: string) {
    this.lost = path;
  }

  mend() {
    this.isCut = false;
    this.lost = null;
  }

  async close() {
    this.cut();
    await new Promise((closed) => this.server.close(closed));
  }
}
