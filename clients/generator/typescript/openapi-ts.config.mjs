import { env } from 'node:process';

export default {
  input: env.CALLGATE_DOCUMENT,
  output: { path: env.CALLGATE_GENERATED, importFileExtension: '.js' },
  logs: { file: false },
  plugins: [
    { name: '@hey-api/client-fetch', throwOnError: true },
    '@hey-api/typescript',
    {
      name: '@hey-api/sdk',
      responseStyle: 'data',
      operations: { strategy: 'single', containerName: 'Operations', methods: 'instance' },
    },
  ],
};
