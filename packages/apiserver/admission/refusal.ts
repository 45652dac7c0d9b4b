import { quoted } from '../authentication/quoted.ts';
import { qualified } from '../request/status-error.ts';
import { AdmissionError, type AdmissionRequest } from './contract.ts';

/** 403 for this write, worded as every admission plug-in's: `pods "x" is forbidden: …`. */
export function forbidden(
  request: AdmissionRequest,
  text: string,
  causes?: readonly { reason: string; message: string; field: string }[],
): AdmissionError {
  const { group, resource } = request.resource;
  const name = nameOf(request) ?? request.object?.metadata?.generateName ?? 'Unknown';
  return new AdmissionError(
    `${qualified({ group, resource })} ${quoted(name)} is forbidden: ${text}`,
    403,
    'Forbidden',
    {
      name,
      ...(group !== '' ? { group } : {}),
      kind: resource,
      ...(causes !== undefined ? { causes: [...causes] } : {}),
    },
  );
}

/** 404 for another object that the write needs. `resource` as upstream names it there, mostly in the singular. */
export function missing(group: string, resource: string, name: string): AdmissionError {
  const message = `${qualified({ group, resource })} ${quoted(name)} not found`;
  return new AdmissionError(message, 404, 'NotFound', {
    name,
    ...(group !== '' ? { group } : {}),
    kind: resource,
  });
}

/** The name of what is written: the path's, or for a new object its own. */
export function nameOf(request: AdmissionRequest): string | undefined {
  if (request.name !== '') return request.name;
  const own = request.object?.metadata?.name;
  return own === '' ? undefined : own;
}

/** True when the write is to `resource` of `group` itself, or to `subresource` of it. */
export function isWriteTo(request: AdmissionRequest, group: string, resource: string, subresource = ''): boolean {
  return (
    request.resource.group === group && request.resource.resource === resource && request.subresource === subresource
  );
}
