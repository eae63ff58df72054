// SPDX-License-Identifier: Apache-2.0
import type { VerifiedEnvelope } from './envelope/content.ts';
import { NotaryError } from './errors.ts';
import { capabilities as known } from './plugin/metadata.ts';
import type { VerificationPlugin, VerificationPlugins } from './ports.ts';
import type { VerificationLevel } from './trust/level.ts';
import type { TrustPolicyStatement } from './trust/policy.ts';
import type { ValidationResult } from './validation/outcome.ts';
import {
  type RequestedPlugin,
  type VerifierCapability,
  findVerificationPlugin,
  judgePluginVerdict,
  pluginFailure,
  verifierCapabilities,
} from './validation/verification-plugin.ts';

/** Why a signature that asks for a plugin fails at any level. */
export interface PluginProblem {
  readonly error: string;
  readonly hint?: string;
}

/** The plugin of a signature, ready to verify. */
export interface SignaturePlugin {
  readonly requested: RequestedPlugin;
  readonly plugin: VerificationPlugin;
  readonly capabilities: readonly VerifierCapability[];
}

/** Finds the plugin that a signature asks for and what it can do; undefined when the signature asks for none. */
export async function locateSignaturePlugin(
  envelope: VerifiedEnvelope,
  plugins: VerificationPlugins,
): Promise<SignaturePlugin | PluginProblem | undefined> {
  const requested = findVerificationPlugin(envelope);
  if (requested === undefined || 'error' in requested) return requested;
  const located = await attempt(() => plugins.locate(requested.name));
  if ('error' in located) return { ...located, error: pluginFailure(requested, located.error) };
  const metadata = await attempt(() => located.value.metadata());
  if ('error' in metadata) return metadata;
  const capabilities = verifierCapabilities(requested, metadata.value);
  return 'error' in capabilities ? capabilities : { requested, plugin: located.value, capabilities };
}

/** What a plugin is asked for: nothing when it only checks revocation and that is skipped. */
export function askedOf(
  capabilities: readonly VerifierCapability[],
  { actions }: VerificationLevel,
): readonly VerifierCapability[] {
  return capabilities.filter((capability) => capability !== known.revocationCheck || actions.revocation !== 'skip');
}

/** Whether a plugin takes over a validation. */
export function takesOver(plugin: SignaturePlugin | undefined, capability: VerifierCapability): boolean {
  return plugin?.capabilities.includes(capability) === true;
}

/**
 * Has the plugin verify what it can, after our own validations passed. It is not run for revocation alone when the policy
 * skips that. Returns the validations with the plugin's findings: those of the identity belong to `authenticity`.
 */
export async function verifyWithPlugin(
  { requested, plugin, capabilities }: SignaturePlugin,
  envelope: VerifiedEnvelope,
  { level, trustedIdentities }: TrustPolicyStatement,
  validations: readonly ValidationResult[],
): Promise<{ readonly validations: readonly ValidationResult[]; readonly problem?: PluginProblem }> {
  const { authenticity, revocation } = level.actions;
  const asked = askedOf(capabilities, level);
  if (asked.length === 0) return { validations };
  const identities = trustedIdentities.map(({ text }) => text);
  const verdict = await attempt(() =>
    plugin.verifySignature({ envelope, trustedIdentities: identities, capabilities: asked }),
  );
  if ('error' in verdict) {
    return {
      validations,
      problem: { ...verdict, error: `failed to verify with plugin ${requested.name}: ${verdict.error}` },
    };
  }
  const judged = judgePluginVerdict(requested.name, asked, envelope, verdict.value);
  const note = `by verification plugin ${requested.name}`;
  const judgedValidations = validations.map((result) =>
    result.type === 'authenticity' ? withIdentity(result, asked, judged.identityError, note) : result,
  );
  const stopped = judged.identityError !== undefined && authenticity === 'enforce';
  if (stopped) return { validations: judgedValidations };
  if (judged.error !== undefined)
    return { validations: judgedValidations, problem: { error: judged.error, hint: ask } };
  if (!asked.includes(known.revocationCheck)) return { validations: judgedValidations };
  const error = judged.revocationError;
  const result: ValidationResult = {
    type: 'revocation',
    action: revocation,
    ...(error === undefined ? { note } : { error }),
  };
  return { validations: [...judgedValidations, result] };
}

const ask = 'The plugin did not verify all that the signature needs: ask its publisher, or take another version.';

function withIdentity(
  result: ValidationResult,
  asked: readonly VerifierCapability[],
  error: string | undefined,
  note: string,
): ValidationResult {
  if (!asked.includes(known.trustedIdentity)) return result;
  if (error !== undefined) return { type: result.type, action: result.action, error };
  return result.error === undefined
    ? { ...result, note: [result.note, `the identity was verified ${note}`].filter(Boolean).join('; ') }
    : result;
}

async function attempt<T>(work: () => Promise<T>): Promise<{ readonly value: T } | PluginProblem> {
  try {
    return { value: await work() };
  } catch (thrown) {
    if (!(thrown instanceof NotaryError)) throw thrown;
    return { error: thrown.message, ...(thrown.hint === undefined ? {} : { hint: thrown.hint }) };
  }
}
