import { type FieldError, invalid, required } from '../../../field-error.ts';
import {
  dns1035LabelProblems,
  dnsSubdomainProblems,
  pathSegmentProblems,
  portNameProblems,
} from '../../../metadata/names.ts';
import type { Fields } from '../../core/pod/fields.ts';
import { portNumber, problems } from '../../core/pod/validation/scalars.ts';

/** A reference to an object of any kind, by its kind and name: both can stand in a URL's path. */
export function typedReferenceErrors(at: string, reference: Fields): FieldError[] {
  const group: string | undefined = reference['apiGroup'];
  return [
    ...(group === undefined ? [] : problems(`${at}.apiGroup`, group, dnsSubdomainProblems)),
    ...['kind', 'name'].flatMap((name) => {
      const value: string = reference[name] ?? '';
      return value === '' ? [required(`${at}.${name}`)] : problems(`${at}.${name}`, value, pathSegmentProblems);
    }),
  ];
}

function serviceErrors(at: string, service: Fields): FieldError[] {
  const name: string = service['name'] ?? '';
  const field = `${at}.service`;
  const errors = name === '' ? [required(`${field}.name`)] : problems(`${field}.name`, name, dns1035LabelProblems);
  const portName: string = service['port']?.name ?? '';
  const number: number = service['port']?.number ?? 0;
  if (portName !== '' && number !== 0) return [...errors, invalid(at, '', 'cannot set both port name & port number')];
  if (portName !== '') return [...errors, ...problems(`${field}.port.name`, portName, portNameProblems)];
  if (number !== 0) return [...errors, ...portNumber(`${field}.port.number`, number)];
  return [...errors, required(at, 'port name or number is required')];
}

/** Where requests go: a Service or another object, one of the two. */
export function backendErrors(at: string, backend: Fields): FieldError[] {
  const { service, resource } = backend;
  if (service !== undefined && resource !== undefined) {
    return [invalid(at, '', 'cannot set both resource and service backends')];
  }
  if (resource !== undefined) return typedReferenceErrors(`${at}.resource`, resource);
  if (service !== undefined) return serviceErrors(at, service);
  return [invalid(at, '', 'resource or service backend is required')];
}
