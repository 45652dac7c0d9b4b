import type { HttpRequest, World } from '@keelson/base';
import type { ResourceCatalogue } from '@keelson/model';
import type { UserInfo } from '../authentication/contract.ts';
import { Counter, Gauge, type Metric } from '../observe/metrics.ts';
import type { RequestInfo } from '../request/request-info.ts';
import { AuditLog, type AuditLogOptions } from './audit-log.ts';
import { AuditTrail } from './audit-trail.ts';
import { type AuditPolicy, decideAudit } from './policy.ts';

/** What is told of requests, and where. */
export interface AuditOptions {
  readonly policy: AuditPolicy;
  readonly log: AuditLogOptions;
}

/** Tells what was asked of the server, by whom, and what came of it (https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/). */
export class Auditor {
  readonly #policy: AuditPolicy;
  readonly #log: AuditLog;
  readonly #world: World;
  readonly #catalogue: ResourceCatalogue;
  readonly #levels = new Counter(
    'apiserver_audit_level_total',
    'Counter of policy levels for audit events (1 per request).',
  );
  #events = 0;

  constructor(options: AuditOptions, world: World, catalogue: ResourceCatalogue) {
    this.#policy = options.policy;
    this.#log = new AuditLog(options.log, world);
    this.#world = world;
    this.#catalogue = catalogue;
  }

  /** Begins the trail of a request whose caller is known; undefined when nothing is told of it. */
  begin(request: HttpRequest, info: RequestInfo, user: UserInfo): AuditTrail | undefined {
    const decision = decideAudit(this.#policy, user, info);
    this.#levels.add({ level: decision.level });
    if (decision.level === 'None') return undefined;
    const emit = (event: object) => {
      this.#events++;
      this.#log.write(event);
    };
    return new AuditTrail({ world: this.#world, catalogue: this.#catalogue, emit }, request, info, user, decision);
  }

  /** Resolves when everything that was told is written. */
  flush(): Promise<void> {
    return this.#log.flush();
  }

  metrics(): Metric[] {
    return [
      this.#levels,
      new Gauge(
        'apiserver_audit_event_total',
        'Counter of audit events generated and sent to the audit backend.',
        () => [[{}, this.#events]],
        'counter',
      ),
      new Gauge(
        'apiserver_audit_error_total',
        'Counter of audit events that failed to be audited properly. Plugin identifies the plugin affected by the error.',
        () => [[{ plugin: 'log' }, this.#log.lost]],
        'counter',
      ),
    ];
  }
}
