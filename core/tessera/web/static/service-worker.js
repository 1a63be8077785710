// Makes Tessera installable and its scripts and styles instant. Pages and members' values are never kept here.
"use strict";
const CACHE = "tessera-static-1";
const MOST = 60;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

async function fromCache(request) {
  const cache = await caches.open(CACHE);
  const known = await cache.match(request);
  if (known) return known;
  const fresh = await fetch(request);
  if (fresh.ok) {
    await cache.put(request, fresh.clone());
    const keys = await cache.keys();
    await Promise.all(keys.slice(0, Math.max(0, keys.length - MOST)).map((key) => cache.delete(key)));
  }
  return fresh;
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const lasting = url.origin === self.location.origin && url.pathname.startsWith("/static/") && url.searchParams.has("v");
  if (event.request.method === "GET" && lasting) event.respondWith(fromCache(event.request));
});
