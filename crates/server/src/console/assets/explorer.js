// Starts the explorer on the description beside it. Nothing is asked of any other host, and no key is kept.
SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#explorer',
  // Its links would stand inside buttons.
  deepLinking: false,
  validatorUrl: null,
  persistAuthorization: false,
  defaultModelsExpandDepth: 0,
  presets: [SwaggerUIBundle.presets.apis],
  // The page has its title already.
  plugins: [() => ({ wrapComponents: { info: () => () => null } })],
});

// It has a dark side of its own, which follows the page's.
(function () {
  const root = document.documentElement, system = matchMedia('(prefers-color-scheme: dark)');
  const follow = () => root.classList.toggle('dark-mode', root.dataset.theme ? root.dataset.theme === 'dark' : system.matches);
  new MutationObserver(follow).observe(root, { attributeFilter: ['data-theme'] });
  system.addEventListener('change', follow);
  follow();
})();
