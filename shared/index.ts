// SPDX-License-Identifier: Apache-2.0
/** The only door of `shared/` for hosts. */
export { run } from './run.ts';
export { NotaryError, messageOf } from './errors.ts';
export type { SourceLocation } from './errors.ts';
export { detectAzurePushes } from './adapters/discovery/azure-pipelines.ts';
export { inputTable } from './inputs.ts';
export type { CommandName, InputName, InputRow } from './inputs.ts';
export type { DetectOptions, Detection, Host, HostLog } from './host.ts';
export { detectOnGitHub } from './adapters/discovery/github.ts';
export { writeSigned } from './adapters/discovery/signed-memory.ts';
export { findNotationRelease, notationFile } from './adapters/notation-release.ts';
export type { NotationRelease } from './adapters/notation-release.ts';
export { notationVersions } from './adapters/notation-release.ts';
export { cancellationSignal } from './adapters/cancellation.ts';
export { fetchDownload } from './adapters/download.ts';
export type { Download } from './adapters/download.ts';
export { agent } from './version.ts';
export { baseName, readArchive } from './adapters/archive.ts';
export type { AzureSignIn } from './adapters/azure/sign-in.ts';
export { Secret } from './primitives/secret.ts';
