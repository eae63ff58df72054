// SPDX-License-Identifier: Apache-2.0

/**
 * Repetitions of one request to a registry, and of one lost upload. A thousand signings are some ten thousand requests:
 * when three of ten fail, five repetitions would lose some of them, twelve none. The deadline of the run bounds them all.
 */
export const registryRetries = 12;
