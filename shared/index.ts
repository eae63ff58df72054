// SPDX-License-Identifier: Apache-2.0
/** The only door of `shared/` for hosts. */
export { run } from './run.ts';
export { NotaryError } from './errors.ts';
export { detectAzurePushes } from './adapters/discovery/azure-pipelines.ts';
export { inputTable } from './inputs.ts';
export type { CommandName, InputName, InputRow } from './inputs.ts';
export type { DetectOptions, Detection, Host, HostLog } from './host.ts';
