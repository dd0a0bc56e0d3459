export * from './openai.ts';
export * from './provider.ts';
export * from './provider-error.ts';
export * from './requested-options.ts';
export * from './upstream-error.ts';
export * from './xai.ts';
