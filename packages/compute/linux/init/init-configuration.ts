/** A program that an instance's init keeps running. */
export interface InitService {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Begun only when the instance has its default route. */
  readonly needsNetwork: boolean;
}

/** What an instance's init is told, in /run/keelson/init.json. */
export interface InitConfiguration {
  readonly services: readonly InitService[];
  /** Where the services' output goes, each to a file of its name. */
  readonly logFolder: string;
  /** Files of the instance's facts and of its role's credentials. */
  readonly metadataFile: string;
  readonly credentialsFile: string;
  readonly controlSocket: string;
  /** Where instance metadata answers. */
  readonly metadataAddress: string;
}

/** How a service fares, as the control socket tells it. */
export interface ServiceState {
  readonly name: string;
  /** In the instance's own pid namespace; undefined while it is not running. */
  readonly pid: number | undefined;
  readonly restarts: number;
  readonly lastExit?: string;
}

/** A line of the control socket. */
export interface InitReport {
  readonly services: readonly ServiceState[];
}
