import { defineConfig } from 'sluice'

export default defineConfig({
  service: 'storefront',
  pipeline: {
    jobs: {
      lint: { steps: 'node scripts/lint.js' },
      test: { steps: 'node --test test/*.test.js' },
      build: { needs: ['lint', 'test'], steps: 'node scripts/build.js', artifacts: { app: 'dist' } },
    },
  },
  start: { command: 'node dist/src/main.js' },
  health: { path: '/health/ready', interval: '500ms', healthyAfter: 2 },
  config: { TAX_PERCENT: 19, FREE_SHIPPING_FROM_CENTS: 10_000 },
  environments: {
    staging: { listen: 8081, strategy: 'rolling' },
    production: {
      listen: 8080,
      instances: 2,
      sticky: { cookie: 'storefront_arm' },
      judge: { interval: '500ms' },
      strategy: {
        kind: 'canary',
        steps: [
          { share: '5%', bake: '4s', unitsMin: 20 },
          { share: '25%', bake: '3s', unitsMin: 50 },
          { share: '50%', bake: '2s', unitsMin: 50 },
        ],
        bake: '2s',
      },
    },
  },
})
