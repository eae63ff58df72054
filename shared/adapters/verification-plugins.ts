// SPDX-License-Identifier: Apache-2.0
import type { PluginConfig } from '../plugin/metadata.ts';
import type { PluginName } from '../plugin/name.ts';
import type { VerificationPlugins } from '../ports.ts';
import type { PluginProcessOptions } from './plugin-process.ts';
import { openPlugin } from './plugin-program.ts';
import type { PluginSource, PluginStore } from './plugin-store.ts';

/** The plugins that a verification may run. */
export interface VerificationPluginSettings {
  /** The one that the inputs name, with where it comes from. */
  readonly given: PluginSource | undefined;
  /** Whether whatever is installed may be run, also a plugin that only a signature names. */
  readonly trustInstalled: boolean;
  readonly config: PluginConfig;
}

/** Verification plugins of this machine; a signature decides which is asked for, the inputs decide which may be run. */
export function openVerificationPlugins(
  store: PluginStore,
  { given, trustInstalled, config }: VerificationPluginSettings,
  process: PluginProcessOptions,
): VerificationPlugins {
  const sourceOf = (name: PluginName): PluginSource =>
    given?.name === name ? given : { name, url: undefined, checksum: undefined, trustInstalled };
  return {
    locate: async (name) => {
      const plugin = openPlugin(await store.locate(sourceOf(name)), process);
      return {
        metadata: () => plugin.getMetadata(config),
        verifySignature: (question) => plugin.verifySignature(question, config),
      };
    },
  };
}
