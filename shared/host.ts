// SPDX-License-Identifier: Apache-2.0
import type { AzureSignIn } from './adapters/azure/sign-in.ts';
import type { SourceLocation } from './errors.ts';
import type { CommandName, InputName } from './inputs.ts';
import type { DetectOptions, Detection, Log } from './ports.ts';

export type { DetectOptions, DetectedArtifact, Detection, RejectedCandidate } from './ports.ts';

/** A pipeline product: everything that `run` needs from it. A third product is one more implementation. */
export interface Host {
  /** Names the product in the agent string and chooses the column of the input table. */
  readonly product: 'github' | 'azure';
  /** The command this step runs. Throws `input-invalid` for an unknown one. */
  command(): CommandName;
  /** The text of an input, trimmed, or '' when it is not given. */
  input(name: InputName): string;
  readonly log: HostLog;
  /** Hides a text (and each of its lines) in everything the product shows from now on. */
  mask(text: string): void;
  setOutput(name: string, value: string): void;
  /** Shows Markdown on the page of the run. Never throws: a summary that cannot be shown is a debug line. */
  showSummary(markdown: string): Promise<void>;
  /** Ends the step as failed, with one message, and points at a place in a file where the product can. */
  fail(message: string, location?: SourceLocation): void;
  /** Called once after everything else, with how the step ended. */
  finish(result: 'succeeded' | 'warning' | 'failed'): void;
  /** Relative paths of inputs are resolved against this folder. */
  readonly workspace: string;
  /** Emptied with the job; the only place where files are written. */
  readonly tempDirectory: string;
  /** The process environment; credentials of registries are discovered in it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Conventional places of trust policy (first that exists) and trust store, relative to the workspace. */
  readonly conventions: { readonly trustPolicy: readonly string[]; readonly trustStore: string };
  /** Commands that, with no artifact given, take what this job has pushed. */
  readonly detectsFor: readonly CommandName[];
  /** Aborted when the product stops the step; absent where that cannot happen. */
  readonly cancelled?: AbortSignal;
  /** What earlier steps of this job pushed. Never throws for missing sources. */
  detectPushed(options: DetectOptions): Promise<Detection>;
  /** Keeps in mind for later steps of this job that these are signed: `registry/repository@digest`. Never throws. */
  rememberSigned?(references: readonly string[]): Promise<void>;
  /** The Azure service connection that the step names; throws `azure-sign-in` when it cannot be used. */
  azureConnection?(): AzureSignIn | undefined;
  /** `setup` / `install`: puts the Notation CLI on the PATH of later steps. */
  setup(): Promise<void>;
}

/** The log of a host; texts may hold anything, the implementation keeps them from being read as commands. */
export interface HostLog extends Log {
  /** Runs work inside a foldable group. */
  group<T>(title: string, work: () => Promise<T>): Promise<T>;
  /** An error annotation. */
  error(text: string): void;
}
