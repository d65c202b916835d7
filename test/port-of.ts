import type { Server } from 'node:net';

/** The port at which a server listens, or 0 where it listens at none. */
export function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}
