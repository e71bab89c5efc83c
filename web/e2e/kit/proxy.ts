//! A proxy that can be cut off: the browser's own offline switch leaves open sockets open.
import { connect, createServer, type Server, type Socket } from 'node:net';

export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private isCut = false;
  private lost: string | null = null;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async to(target: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(target);
    const server = createServer();
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const proxy = new TcpProxy(server, `http://127.0.0.1:${address.port}`);
    server.on('connection', (near) => {
      if (proxy.isCut) {
        near.destroy();
        return;
      }
      const far = connect(Number(port), hostname);
      let hasArrived = false;
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        proxy.sockets.add(one);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          proxy.sockets.delete(one);
          other.destroy();
        });
        one.on('data', (bytes) => {
          if (one === near && proxy.lost !== null && bytes.includes(proxy.lost)) hasArrived = true;
          // The answer is lost with the connection, but the request has arrived.
          if (one === far && hasArrived) proxy.cut();
          else if (!other.write(bytes)) {
            one.pause();
            other.once('drain', () => one.resume());
          }
        });
      }
    });
    return proxy;
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
