console.error('not ready');
