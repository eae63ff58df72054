// SPDX-License-Identifier: Apache-2.0
import type { CommandName, InputName } from './inputs.ts';
import type { Log } from './ports.ts';

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
  /** Ends the step as failed, with one message. */
  fail(message: string): void;
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
  /** What earlier steps of this job pushed. Never throws for missing sources. */
  detectPushed(options: DetectOptions): Promise<Detection>;
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

export interface DetectOptions {
  /** `auto`, `off`, or channel names; '' means `auto`. */
  readonly detect: string;
  /** Globs over `registry/repository`; empty means all. */
  readonly include: readonly string[];
}

/** Something this job says it has pushed. */
export interface DetectedArtifact {
  /** `registry/repository@digest`, normalised. */
  readonly reference: string;
  readonly tags: readonly string[];
  /** The channel: `artifacts-list`, `step-outputs`, `resource-uris`, ... */
  readonly source: string;
  /** Why it counts as pushed by this job. */
  readonly evidence: readonly string[];
}

/** Something that was seen and left out. */
export interface RejectedCandidate {
  readonly what: string;
  readonly source: string;
  readonly reason: string;
}

export interface Detection {
  readonly artifacts: readonly DetectedArtifact[];
  readonly rejected: readonly RejectedCandidate[];
  /** Every channel with a word or two on what it gave: `empty`, `off`, `not readable`, `2 found`. */
  readonly channels: readonly { readonly name: string; readonly state: string }[];
  /** Set when candidates contradict each other: nothing may be signed. */
  readonly ambiguity?: string;
  /** The lines to add to the workflow when nothing was found. */
  readonly fix: string;
}
