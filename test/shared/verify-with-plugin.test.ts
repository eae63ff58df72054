// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExtendedAttribute } from '../../shared/envelope/content.ts';
import { NotaryError } from '../../shared/errors.ts';
import { parsePluginName } from '../../shared/plugin/name.ts';
import type { PluginFinding } from '../../shared/plugin/verify-protocol.ts';
import type { VerificationOutcome } from '../../shared/validation/outcome.ts';
import { ScriptedPlugin } from '../fakes/plugin.ts';
import { policyOf } from '../fakes/trust-policy.ts';
import { type ScriptedVerifier, VerifierInProcess } from '../fakes/verification-plugins.ts';
import { Scenario } from '../fakes/verification.ts';

const identity = 'SIGNATURE_VERIFIER.TRUSTED_IDENTITY';
const revocation = 'SIGNATURE_VERIFIER.REVOCATION_CHECK';
const good: PluginFinding = { success: true, reason: '' };
const bad: PluginFinding = { success: false, reason: 'because' };

let scenario: Scenario;
beforeEach(() => {
  scenario = new Scenario();
});

function asking(name = 'p', ...more: ExtendedAttribute[]): ExtendedAttribute[] {
  return [{ key: 'io.cncf.notary.verificationPlugin', critical: true, value: name }, ...more];
}

const minimum = (value: string): ExtendedAttribute => ({
  key: 'io.cncf.notary.verificationPluginMinVersion',
  critical: true,
  value,
});

/** The outcome for one signature that asks for a plugin. */
async function verify(
  script: ScriptedVerifier,
  { level = 'strict', override = {}, more = [] as ExtendedAttribute[], identities = ['*'] } = {},
): Promise<{ outcome: VerificationOutcome; plugin: VerifierInProcess }> {
  scenario.sign({ extended: asking('p', ...more), format: 'cose' });
  const plugin = new VerifierInProcess(script);
  const policy = policyOf({ signatureVerification: { level, override }, trustedIdentities: identities });
  return { outcome: await scenario.verify({ policy }, { plugins: plugin }), plugin };
}

function errorOf(outcome: VerificationOutcome): string | undefined {
  const [signature] = outcome.signatures;
  return signature?.error ?? signature?.validations.find(({ action, error }) => action === 'enforce' && error)?.error;
}

const withCapabilities = (...capabilities: string[]) => ({ capabilities });
const found =
  (findings: Record<string, PluginFinding>, processedAttributes: string[] = []) =>
  () => ({
    findings: new Map(Object.entries(findings)),
    processedAttributes,
  });

describe('a verification plugin', () => {
  it('[NP-263] that is missing fails the signature at any level', async () => {
    const plugins = { locate: () => Promise.reject(new NotaryError('plugin-unavailable', 'gone')) };
    for (const level of ['strict', 'permissive', 'audit']) {
      scenario = new Scenario();
      scenario.sign({ extended: asking() });
      const outcome = await scenario.verify({ policy: policyOf({ signatureVerification: { level } }) }, { plugins });
      expect(errorOf(outcome)).toBe(
        'error while locating the verification plugin "p", make sure the plugin is installed successfully before verifying the signature. error: gone',
      );
    }
  });

  it('whose metadata cannot be had fails the signature with just that reason', async () => {
    const { outcome } = await verify({ metadata: new NotaryError('plugin-failed', 'broken') }, { level: 'audit' });
    expect(errorOf(outcome)).toBe('broken');
  });

  it.each([
    ['NP-264', '1.0.0', '1.0.1', false],
    ['NP-265', '1.0.0', '1.1.0-alpha', false],
    ['NP-265', '1.0.0', '1.0.0-alpha', true],
    ['NP-265', '1.0.0', '0.0.9', true],
    ['NP-264', '1.0.0-rc.1', '1.0.0', false],
    ['NP-264', '1.0.0+build', '1.0.0', true],
  ])('[%s] of version %s for a minimum of %s: accepted %s', async (_, version, least, accepted) => {
    const metadata = { version, ...withCapabilities(identity) };
    const { outcome } = await verify({ metadata, verdict: found({ [identity]: good }) }, { more: [minimum(least)] });
    expect(errorOf(outcome)).toBe(
      accepted
        ? undefined
        : `found plugin p with version ${version} but signature verification needs plugin version greater than or equal to ${least}`,
    );
  });

  it('whose version is none fails the signature', async () => {
    const { outcome } = await verify({ metadata: { version: 'v1', ...withCapabilities(identity) } });
    expect(errorOf(outcome)).toBe('plugin p has pluginVersion v1 which is not in valid semver format');
  });

  it('[NP-266] that cannot verify fails the signature', async () => {
    const { outcome } = await verify({ metadata: withCapabilities('SIGNATURE_GENERATOR.RAW') }, { level: 'audit' });
    expect(errorOf(outcome)).toBe(
      `digital signature requires plugin "p" with signature verification capabilities ("${identity}" and/or "${revocation}") installed`,
    );
  });

  it('[NP-267] that does not trust the identity fails authenticity: enforced or logged', async () => {
    const script = { metadata: withCapabilities(identity), verdict: found({ [identity]: bad }) };
    const text = 'trusted identify verification by plugin "p" failed with reason "because"';
    const strict = await verify(script);
    expect(strict.outcome.outcome).toBe('failed');
    expect(errorOf(strict.outcome)).toBe(text);
    scenario = new Scenario();
    const audit = await verify(script, { level: 'audit' });
    expect(audit.outcome.outcome).toBe('verified');
    expect(audit.outcome.signatures[0]?.validations.find(({ type }) => type === 'authenticity')?.error).toBe(text);
  });

  it('[NP-268] that finds a certificate revoked fails revocation: logged or enforced', async () => {
    const script = { metadata: withCapabilities(revocation), verdict: found({ [revocation]: bad }) };
    const text = 'revocation check by verification plugin "p" failed with reason "because"';
    const permissive = await verify(script, { level: 'permissive' });
    expect(permissive.outcome.outcome).toBe('verified');
    expect(permissive.outcome.signatures[0]?.validations.at(-1)).toMatchObject({
      type: 'revocation',
      action: 'log',
      error: text,
    });
    scenario = new Scenario();
    expect(errorOf((await verify(script)).outcome)).toBe(text);
  });

  it('[NP-269] that leaves out what it was asked for fails the signature at any level', async () => {
    const script = { metadata: withCapabilities(identity, revocation), verdict: found({ [identity]: good }) };
    const { outcome } = await verify(script, { level: 'audit' });
    expect(errorOf(outcome)).toBe(`verification plugin "p" failed to verify "${revocation}"`);
  });

  it('[NP-270] that does not process an attribute fails the signature, critical or not', async () => {
    for (const critical of [true, false]) {
      scenario = new Scenario();
      const script = { metadata: withCapabilities(identity), verdict: found({ [identity]: good }) };
      const { outcome } = await verify(script, { level: 'audit', more: [{ key: 'k', critical, value: 1 }] });
      expect(errorOf(outcome)).toBe(
        'extended critical attribute "k" was not processed by the verification plugin "p" (all extended critical attributes must be processed by the verification plugin)',
      );
    }
    scenario = new Scenario();
    const processed = { metadata: withCapabilities(identity), verdict: found({ [identity]: good }, ['k']) };
    expect((await verify(processed, { more: [{ key: 'k', critical: true, value: 1 }] })).outcome.outcome).toBe(
      'verified',
    );
  });

  it('[NP-271] that only checks revocation is not run when that is skipped', async () => {
    const { outcome, plugin } = await verify(
      { metadata: withCapabilities(revocation) },
      { override: { revocation: 'skip' }, more: [{ key: 'unknown', critical: true, value: 'x' }] },
    );
    expect(outcome.outcome).toBe('verified');
    expect(plugin.questions).toEqual([]);
  });

  it('[NP-271] that is not run leaves critical attributes unprocessed, which strict mode refuses', async () => {
    const script = { metadata: withCapabilities(revocation) };
    const policy = policyOf({ signatureVerification: { level: 'strict', override: { revocation: 'skip' } } });
    scenario.sign({ extended: asking('p', { key: 'unknown', critical: true, value: 'x' }) });
    const plugins = new VerifierInProcess(script);
    const outcome = await scenario.verify({ policy, strictness: 'strict' }, { plugins });
    expect(errorOf(outcome)).toContain('the signature has the critical attribute "unknown"');
    scenario = new Scenario();
    scenario.sign({ extended: asking('p') });
    expect((await scenario.verify({ policy, strictness: 'strict' }, { plugins })).outcome).toBe('verified');
  });

  it('[NP-272] that checks identities replaces our check of them, not that of the trust store', async () => {
    const script = { metadata: withCapabilities(identity), verdict: found({ [identity]: good }) };
    const other = ['x509.subject: C=XX, ST=YY, O=other'];
    expect((await verify(script, { identities: other })).outcome.outcome).toBe('verified');
    scenario = new Scenario();
    scenario.trustStore.stores.clear();
    const { outcome, plugin } = await verify(script, { identities: other });
    expect(errorOf(outcome)).toContain('does not exist');
    expect(plugin.questions).toEqual([]);
  });

  it('that fails fails the signature at any level', async () => {
    const verdict = () => new NotaryError('plugin-failed', 'it crashed');
    const { outcome } = await verify({ metadata: withCapabilities(identity), verdict }, { level: 'audit' });
    expect(errorOf(outcome)).toBe('failed to verify with plugin p: it crashed');
  });

  it('is asked in the order of its metadata, without revocation where that is skipped', async () => {
    const script = {
      metadata: withCapabilities(revocation, 'other', identity),
      verdict: found({ [identity]: good, [revocation]: good }),
    };
    const { plugin, outcome } = await verify(script);
    expect(plugin.questions[0]?.capabilities).toEqual([revocation, identity]);
    expect(outcome.signatures[0]?.validations.map(({ type }) => type)).toEqual([
      'integrity',
      'authenticity',
      'expiry',
      'authenticTimestamp',
      'revocation',
    ]);
    scenario = new Scenario();
    const skipped = await verify(script, { override: { revocation: 'skip' } });
    expect(skipped.plugin.questions[0]?.capabilities).toEqual([identity]);
  });
});

describe('a verification plugin as a program', () => {
  let plugin: ScriptedPlugin;
  beforeEach(() => {
    plugin = new ScriptedPlugin({ name: 'p', metadata: { capabilities: [identity, revocation] } });
  });
  afterEach(() => {
    plugin.remove();
  });

  async function request(spec: Parameters<Scenario['sign']>[0] = {}): Promise<unknown> {
    scenario.sign({ extended: asking(), ...spec });
    const program = plugin.open();
    const plugins = {
      locate: (name: string) => {
        expect(name).toBe(parsePluginName('p'));
        const config = new Map<string, string>();
        return Promise.resolve({
          metadata: () => program.getMetadata(config),
          verifySignature: (question: Parameters<typeof program.verifySignature>[0]) =>
            program.verifySignature(question, config),
        });
      },
    };
    expect((await scenario.verify({}, { plugins })).outcome).toBe('verified');
    return plugin.calls().at(-1)?.request;
  }

  it('[NP-377] is sent the zero time when the signature does not expire', async () => {
    const [leaf] = (await request()) === undefined ? [] : [plugin.calls().at(-1)?.request];
    expect(leaf).toMatchObject({
      contractVersion: '1.0',
      signature: {
        criticalAttributes: {
          contentType: 'application/vnd.cncf.notary.payload.v1+json',
          signingScheme: 'notary.x509',
          expiry: '0001-01-01T00:00:00Z',
        },
        unprocessedAttributes: null,
      },
      trustPolicy: { signatureVerification: [identity, revocation] },
    });
    expect(JSON.stringify(leaf)).not.toContain('verificationPlugin');
  });

  it.each(['jws', 'cose'] as const)('is sent the attributes of a %s envelope as JSON', async (format) => {
    const more = [
      { key: 'text', critical: true, value: 'x' },
      { key: 'list', critical: false, value: [1, 'a', true, null] },
    ];
    const expiry = new Date('2027-01-02T03:04:05Z');
    expect(await request({ format, expiry, extended: asking('p', ...more) })).toMatchObject({
      signature: {
        criticalAttributes: {
          expiry: '2027-01-02T03:04:05Z',
          extendedAttributes: { text: 'x', list: [1, 'a', true, null] },
        },
        unprocessedAttributes: expect.arrayContaining(['text', 'list']) as unknown,
      },
    });
  });
});
