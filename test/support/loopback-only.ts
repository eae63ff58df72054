// SPDX-License-Identifier: Apache-2.0
import { Socket } from 'node:net';

/** Unit tests reach loopback only: any other connection is a mistake in the test or in the code. */
// eslint-disable-next-line @typescript-eslint/unbound-method -- called with Reflect.apply
const connect = Socket.prototype.connect;
Socket.prototype.connect = function (this: Socket, ...args: unknown[]): Socket {
  const first: unknown = Array.isArray(args[0]) ? args[0][0] : args[0];
  if (typeof first === 'object' && first !== null && 'host' in first && typeof first.host === 'string') {
    if (!/^(?:localhost|127\.\d+\.\d+\.\d+|::1|\[::1\])$/.test(first.host)) {
      throw new Error(`test tried to connect to ${first.host}`);
    }
  }
  return Reflect.apply(connect, this, args) as Socket;
};
