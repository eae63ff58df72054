// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../../shared/errors.ts';
import type { Random } from './random.ts';

/** What somebody makes of a case. */
export interface Answer {
  readonly accepted: boolean;
  /** Where it was refused: the class of the reason. */
  readonly stage?: string;
  /** What was read; compared by value. */
  readonly facts?: unknown;
  /** The message, for people, and for families that compare reasons. */
  readonly text?: string;
}

/** A case: what the oracle is told of it, and our decision. */
export interface FuzzCase {
  /** Members of the oracle's case; byte strings as base64. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Throws only what is a defect. */
  decide(): Answer | Promise<Answer>;
}

/** A kind of cases. */
export interface Family {
  readonly name: string;
  /** The oracle's name of it. */
  readonly oracle: string;
  generate(random: Random): FuzzCase | Promise<FuzzCase>;
  /** Reduces a message to what must be the same on both sides; without it only classes and facts are compared. */
  readonly reasonOf?: (text: string, stage: string) => string;
}

export function accepted(facts?: unknown): Answer {
  return facts === undefined ? { accepted: true } : { accepted: true, facts };
}

/** What a step throws becomes an answer; anything but a typed error is a defect and passes. */
export function refusedAt(stage: string, thrown: unknown): Answer {
  if (!(thrown instanceof NotaryError)) throw thrown;
  return { accepted: false, stage, text: thrown.message };
}

/** The result of a step, or the answer that it was refused. */
export function step<T>(stage: string, work: () => T): { readonly value: T } | { readonly refused: Answer } {
  try {
    return { value: work() };
  } catch (thrown) {
    return { refused: refusedAt(stage, thrown) };
  }
}

/** Base64 as Go reads byte strings from JSON. */
export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
