/**
 * Calls what answers beside the API server: webhooks of admission, conversion, authentication and authorisation. One
 * bounded HTTP client that finds Services' endpoints, checks certificates, and words failures as Go's client does. It
 * knows nothing of what is asked.
 */
export * from './contract.ts';
export * from './webhook-client.ts';
