// SPDX-License-Identifier: Apache-2.0
/** The only door of `shared/` for hosts. */
export { run } from './run.ts';
