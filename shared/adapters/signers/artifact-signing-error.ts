// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../errors.ts';
import type { AzureCredential } from '../azure/credential.ts';
import type { HttpFailure } from '../http-failure.ts';
import type { HttpResponse } from '../http.ts';
import { serviceErrorOf, type ServiceError } from './artifact-signing-answer.ts';
import { signingRegions, type SigningProfile } from './artifact-signing-profile.ts';

/** Everything that a message about a refusal names. */
export interface SigningContext {
  readonly profile: SigningProfile;
  readonly credential: Pick<AzureCredential, 'description' | 'principal'>;
}

/** The role that signs, by its names of today and before (KEY 4.1). */
const role = 'Artifact Signing Certificate Profile Signer';
const formerRole = 'Trusted Signing Certificate Profile Signer';

/** Whether an answer forbids; the service also wraps that into a 404 (KEY 4.4). */
export function isForbidden({ status, body }: Pick<HttpResponse, 'status' | 'body'>): boolean {
  return status === 403 || (status === 404 && /\b403\b|\bforbidden\b/i.test(serviceErrorOf(body).text));
}

/** What a refusal means, and what to do about it. */
export function signingRefusal(response: Pick<HttpResponse, 'status' | 'body'>, context: SigningContext): NotaryError {
  const { status } = response;
  const error = serviceErrorOf(response.body);
  const said = error.text === '' ? '' : `: ${error.text}`;
  const where = placeOf(context.profile);
  if (isForbidden(response)) return denied(error, context);
  if (status === 401) {
    const reason = `the access token of ${context.credential.description} was not accepted${said}`;
    return new NotaryError('azure-sign-in', `cannot sign with ${where}: ${reason}`, {
      hint: 'Sign in to the tenant of the account. Azure Artifact Signing is in the public cloud only: AZURE_AUTHORITY_HOST must not name another one.',
    });
  }
  if (status === 404) {
    return failed(
      `there is no ${where}${said}`,
      `Check the names, and that the endpoint is that of the account's region: ${endpointQuestion(context.profile)}`,
    );
  }
  if (status === 429) {
    return failed(
      `cannot sign with ${where}: it refuses further requests for now (429, throttled)${said}`,
      'Sign less at a time: the quota is that of the account, and other pipelines use it too.',
    );
  }
  const hint =
    status >= 500
      ? 'Run the step again; Azure says more at https://status.azure.com.'
      : 'Look at the state of account, identity validation and certificate profile in the Azure portal.';
  return failed(`cannot sign with ${where}${said} (HTTP status ${status})`, hint);
}

function denied({ text }: ServiceError, { profile, credential }: SigningContext): NotaryError {
  const { clientId, objectId } = credential.principal;
  const ids = [
    ...(clientId === undefined ? [] : [`client ${clientId}`]),
    ...(objectId === undefined ? [] : [`object ${objectId}`]),
  ];
  const who = ids.length === 0 ? credential.description : `${credential.description} (${ids.join(', ')})`;
  const said = text === '' ? '' : `: ${text}`;
  const reason = 'has no role for it, or the account or profile is not there, or is in another region';
  return new NotaryError(
    'artifact-signing-denied',
    `cannot sign with ${placeOf(profile)}: ${who} ${reason} (403)${said}`,
    {
      hint: `Assign the role "${role}" (in older accounts "${formerRole}"), and allow some minutes for it to take effect: az role assignment create --role "${role}" --assignee ${objectId ?? '<object id>'} --scope $(az resource list --resource-type Microsoft.CodeSigning/codeSigningAccounts --name ${profile.account} --query "[].id" --output tsv)/certificateProfiles/${profile.profile}. If it has the role, check the names and the region: ${endpointQuestion(profile)}. A suspended account or an identity validation that has run out is refused the same way.`,
    },
  );
}

/** How to see the endpoint that an account has. */
function endpointQuestion({ account }: SigningProfile): string {
  return `az resource list --resource-type Microsoft.CodeSigning/codeSigningAccounts --name ${account} --query "[].location"`;
}

/** Why an operation that was accepted did not give a signature. */
export function operationFailure(
  status: string,
  { code, text }: ServiceError,
  { profile }: SigningContext,
): NotaryError {
  const shown = [status === '' ? 'without a status' : `as ${status}`, code, text].filter((part) => part !== '');
  return failed(
    `${placeOf(profile)} did not sign: the operation ended ${shown.join(': ')}`,
    'Run the step again; if it goes on, look at the state of account, identity validation and certificate profile in the Azure portal.',
  );
}

/** Why there was no usable answer at all. */
export function signingUnreachable(failure: HttpFailure, { profile }: SigningContext): NotaryError {
  const { reason, message } = failure;
  if (reason === 'cancelled') return new NotaryError('cancelled', 'the work was cancelled');
  const hints: Partial<Record<typeof reason, string>> = {
    dns: `Check the region in the endpoint. Known are ${signingRegions.join(', ')}.`,
    tls: 'Something between here and the service, such as a proxy, brings its own certificate authority: put its PEM file into the variable NODE_EXTRA_CA_CERTS.',
  };
  return new NotaryError(
    'artifact-signing-failed',
    `Azure Artifact Signing at ${profile.hostName} cannot be reached: ${message}`,
    { hint: hints[reason] ?? 'Check network and proxy (HTTPS_PROXY, NO_PROXY) of the machine.', cause: failure },
  );
}

/** Why waiting for an operation has ended. */
export function signingTimeout(seconds: number, status: string, { profile }: SigningContext): NotaryError {
  return failed(
    `${placeOf(profile)} has not signed within ${seconds} seconds: the operation is still ${status}`,
    'Run the step again; Azure says more at https://status.azure.com.',
  );
}

function placeOf({ account, profile, hostName }: SigningProfile): string {
  return `certificate profile ${profile} of account ${account} at ${hostName}`;
}

function failed(message: string, hint: string): NotaryError {
  return new NotaryError('artifact-signing-failed', message, { hint });
}
