// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { link, open, rename, stat, unlink } from 'node:fs/promises';
import type { Timing } from '../timing.ts';
import { isSystemError, layoutError } from './layout-files.ts';

/** Milliseconds after which a lock belongs to a process that is gone: writing takes far less (REG 8). */
const staleAfter = 60_000;
/** Milliseconds between two attempts, half to one and a half of it. */
const pause = 100;
/** Milliseconds until giving up: a stale lock and a queue of other writers have been waited for by then. */
const patience = 120_000;

/** Runs work while a lock file exists that no cooperating process ignores. Throws `layout-unusable` when it stays locked. */
export async function withLock<T>(layout: string, lock: string, timing: Timing, work: () => Promise<T>): Promise<T> {
  const started = timing.now();
  while (!(await acquire(lock))) {
    if (timing.now() - started > patience) {
      throw layoutError(
        layout,
        `${lock} stays locked`,
        undefined,
        'Remove the lock file when no process uses the layout.',
      );
    }
    await timing.sleep(pause * (0.5 + timing.random()));
  }
  try {
    return await work();
  } finally {
    await unlink(lock).catch(() => undefined);
  }
}

async function acquire(lock: string): Promise<boolean> {
  try {
    await (await open(lock, 'wx', 0o600)).close();
    return true;
  } catch (thrown) {
    if (!isSystemError(thrown, 'EEXIST')) throw thrown;
    await removeStale(lock);
    return false;
  }
}

/** Moves the lock away before it is removed, and back when it turns out to be another, living one. */
async function removeStale(lock: string): Promise<void> {
  if (!(await isStale(lock))) return;
  const aside = `${lock}.${randomUUID()}`;
  try {
    await rename(lock, aside);
  } catch (thrown) {
    if (isSystemError(thrown, 'ENOENT')) return;
    throw thrown;
  }
  if (!(await isStale(aside))) await link(aside, lock).catch(() => undefined);
  await unlink(aside).catch(() => undefined);
}

async function isStale(path: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > staleAfter;
  } catch (thrown) {
    if (isSystemError(thrown, 'ENOENT')) return false;
    throw thrown;
  }
}
