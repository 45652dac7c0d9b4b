import { readFileSync } from 'node:fs';
import { messageOf } from '@keelson/base';
import type { AuditOptions } from '../audit/auditor.ts';
import { readAuditPolicy } from '../audit/policy.ts';
import type { ApiServerSettings } from './api-server-settings.ts';
import { ConfigurationError } from './shape.ts';

const defaultSize = 100;

/** What the settings want told of requests; undefined: nothing. @throws ConfigurationError */
export function configuredAudit(settings: ApiServerSettings): AuditOptions | undefined {
  const { auditPolicyFile: file, auditLogPath: path } = settings;
  if (file === undefined || path === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigurationError(`${file} cannot be read: ${messageOf(error)}`);
  }
  return {
    policy: readAuditPolicy(text),
    log: {
      path,
      maxSize: settings.auditLogMaxsize ?? defaultSize,
      maxBackup: settings.auditLogMaxbackup ?? 0,
      maxAge: settings.auditLogMaxage ?? 0,
    },
  };
}
