// SPDX-License-Identifier: Apache-2.0
import { NotaryError, messageOf } from '../../errors.ts';
import type { Secret } from '../../primitives/secret.ts';
import type { AzureSignIn } from './sign-in.ts';
import { claimOf } from './token-claims.ts';

/** Characters of Microsoft Entra's own text that are shown: its first sentence says what matters. */
const maxEntraText = 400;

/** Entra's codes that have an answer (KEY 3.8, GH 3.11). */
const advice: readonly (readonly [RegExp, string])[] = [
  [
    /AADSTS(?:700213|70021|7002138|700211|700212)\b/,
    'Add a federated credential with exactly this issuer, subject and audience to the application (letter case counts): az ad app federated-credential create.',
  ],
  [
    /AADSTS700024\b/,
    'The identity token has run out. With azure/login it is the one of that step: set AZURE_CLIENT_ID and AZURE_TENANT_ID in the environment of this step and give the job "id-token: write", so that a fresh one is asked for.',
  ],
  [/AADSTS(?:700016|90002|900023)\b/, 'Check client id and tenant id: the application is not in that tenant or cloud.'],
  [
    /AADSTS(?:7000222)\b/,
    'The client secret has expired: make a new one, or change to workload identity federation, which needs none.',
  ],
  [/AADSTS(?:7000215)\b/, 'The client secret is wrong: give its value, not its id.'],
  [/AADSTS(?:500011)\b/, 'The tenant does not know this resource: the vault is probably in another cloud.'],
  [/AADSTS900382\b/, 'Workload identity federation is not possible in this cloud: use a secret or a certificate.'],
  [
    /claims|AADSTS5007[69]\b/,
    'The session cannot answer this demand: sign in by federation or as a service principal.',
  ],
];

/** Why signing in failed, with the identity that was used; texts of Entra are shortened and never hold a token. */
export function signInFailure(signIn: AzureSignIn, thrown: unknown, assertion: Secret | undefined): NotaryError {
  if (thrown instanceof NotaryError) return thrown;
  const text = entraText(messageOf(thrown));
  if (signIn.kind === 'azure-cli') return cliFailure(text, signIn.notUsed, thrown);
  const lines = [`signing in to Azure with ${signIn.description} failed: ${text}`];
  if (assertion !== undefined && /AADSTS70021|AADSTS7002138/.test(text)) lines.push(...federationFacts(assertion));
  return new NotaryError('azure-sign-in', lines.join('\n'), { hint: withSettings(signIn, hintFor(signIn, text)) });
}

/** What Entra compared with the federated credentials of the application. */
function federationFacts(assertion: Secret): string[] {
  return (['iss', 'sub', 'aud'] as const).map((claim) => {
    const name = { iss: 'issuer', sub: 'subject', aud: 'audience' }[claim];
    return `  ${name}: ${claimOf(assertion.reveal(), claim) ?? 'unknown'}`;
  });
}

function adviceOn(text: string): string | undefined {
  return advice.find(([pattern]) => pattern.test(text))?.[1];
}

function withSettings({ settings }: AzureSignIn, hint: string): string {
  return settings === undefined ? hint : `${hint} The service connection: ${settings}`;
}

function hintFor(signIn: AzureSignIn, text: string): string {
  const found = adviceOn(text);
  if (found !== undefined && signIn.kind !== 'managed-identity') return found;
  if (signIn.kind === 'managed-identity') {
    return 'Check that this machine has a managed identity (az vm identity show), and with AZURE_CLIENT_ID that this one is assigned to it.';
  }
  return 'Check client id, tenant id and cloud of the sign-in, and that the network lets the machine reach Microsoft Entra ID.';
}

function cliFailure(text: string, notUsed: readonly string[], cause: unknown): NotaryError {
  const others = notUsed.map((reason) => `  ${reason}`);
  const tried = others.length === 0 ? '' : `\nOther ways were not used:\n${others.join('\n')}`;
  return new NotaryError('azure-sign-in', `no way to sign in to Azure was found: ${cliReason(text, cause)}${tried}`, {
    // An answer of Entra says more than that there is no session.
    hint:
      adviceOn(text) ??
      "Sign in before this step (azure/login, AzureCLI@2, az login), or set AZURE_CLIENT_ID and AZURE_TENANT_ID for the job's identity token.",
  });
}

function cliReason(text: string, cause: unknown): string {
  if (/could not be found|not found|not recognized/i.test(text)) return 'the Azure CLI (az) is not installed';
  if (/az login/i.test(text) && !/AADSTS/.test(text)) return 'the Azure CLI is signed out';
  const empty = /Unexpected end of JSON|Unknown Azure CLI|Azure CLI could not/.test(messageOf(cause));
  return empty ? 'the Azure CLI gave no answer in time' : `the Azure CLI failed: ${text}`;
}

/** Entra's sentence without trace ids, line breaks and what stands behind them. */
function entraText(message: string): string {
  const flat = message.replace(/\s+/g, ' ');
  // MSAL puts times and codes before what Entra said.
  const said = /AADSTS[0-9]+:.*/.exec(flat)?.[0] ?? flat;
  const [sentence = ''] = said.split(/ ?(?:Trace ID|Correlation ID|Timestamp):/);
  return sentence.length > maxEntraText ? `${sentence.slice(0, maxEntraText)}…` : sentence;
}
