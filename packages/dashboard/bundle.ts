/** How the dashboard is bundled: hashed names, no helper that the content security policy would refuse, nothing inlined. */
import type { InlineConfig, Plugin } from 'vite'

/** Nothing is painted before the first render, which waits for real data: no flash of an empty page, or of the other theme. */
const renderBlocking: Plugin = {
  name: 'render-blocking',
  transformIndexHtml: {
    order: 'post',
    handler: (html) => html.replace('<script type="module"', '<script type="module" blocking="render"'),
  },
}

/** What Vite is told. */
export const bundle: InlineConfig = {
  configFile: false,
  base: '/',
  plugins: [renderBlocking],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  logLevel: 'warn',
}
