// SPDX-License-Identifier: Apache-2.0
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { EmbeddedRegistry } from '../fakes/registry.ts';

/** Milliseconds for which the registry is busy with the request in which the job is cancelled: longer than a step may live on. */
const busy = 15_000;

/** Milliseconds between two looks at what the registry has received. */
const interval = 5;

/** Aborted when the registry gets a request like this, which then never takes effect. */
export function cancelAt(registry: EmbeddedRegistry, method: string, path: RegExp): AbortSignal {
  const controller = new AbortController();
  const seen = registry.requests.length;
  registry.options.faults = [
    { method, path, fault: { kind: 'delay', before: busy } },
    { method, path, fault: { kind: 'reset', when: 'before' } },
  ];
  const timer = setInterval(() => {
    if (!registry.requests.slice(seen).some((request) => request.method === method && path.test(request.path))) return;
    clearInterval(timer);
    controller.abort();
  }, interval);
  timer.unref();
  return controller.signal;
}

/** Files below a folder that hold a line of a secret. */
export function filesWith(secret: string, folder: string): string[] {
  const lines = secret.split('\n').filter((line) => line.length >= 16 && !line.startsWith('-----'));
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => {
      const content = readFileSync(path, 'latin1');
      return lines.some((line) => content.includes(line));
    });
}
