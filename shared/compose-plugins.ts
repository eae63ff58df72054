// SPDX-License-Identifier: Apache-2.0
import { fetchFile } from './adapters/download.ts';
import type { PluginProcessOptions } from './adapters/plugin-process.ts';
import { openPlugin } from './adapters/plugin-program.ts';
import { type PluginStore, openPluginStore } from './adapters/plugin-store.ts';
import { openPluginSigner } from './adapters/signers/plugin.ts';
import { type VerificationPluginSettings, openVerificationPlugins } from './adapters/verification-plugins.ts';
import type { PluginKeyInputs } from './plugin-inputs.ts';
import type { Signer, VerificationPlugins } from './ports.ts';
import type { Step } from './step.ts';
import { agent } from './version.ts';

/** A signer with a key of a plugin: the plugin is installed and asked once, when it is opened. */
export async function composePluginSigner(step: Step, { plugin, key }: PluginKeyInputs): Promise<Signer> {
  const program = await composePluginStore(step).locate(plugin);
  return openPluginSigner(openPlugin(program, processOf(step)), key, step.log);
}

export function composeVerificationPlugins(step: Step, settings: VerificationPluginSettings): VerificationPlugins {
  return openVerificationPlugins(composePluginStore(step), settings, processOf(step));
}

/** What it installs is gone when the step ends. */
function composePluginStore(step: Step): PluginStore {
  const { host, log } = step;
  const { environment, tempDirectory } = host;
  const store = openPluginStore({
    environment,
    tempDirectory,
    log,
    platform: process.platform,
    download: (url, limit) => fetchFile(url, { environment, userAgent: agent }, limit),
  });
  step.atEnd(() => store.close());
  return store;
}

function processOf({ host, log }: Step): PluginProcessOptions {
  const debug = (text: string): void => {
    log.debug(text);
  };
  return { environment: host.environment, directory: host.workspace, debug };
}
