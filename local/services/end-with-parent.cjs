// Preloaded into Azurite (node --require): ends it when the process that started it ends, and keeps others off its folder.
const { rmSync, writeFileSync } = require('node:fs');

const graceSeconds = 5;
const pidFile = process.env.AZURITE_PID_FILE;

if (pidFile) holdPidFile(pidFile);
// The parent's end of these pipes may be gone while Azurite still logs a last request.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});
process.stdin.once('end', end).once('error', end).resume();
process.stdin.unref();

function holdPidFile(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch (error) {
    console.error(`another Azurite took this folder just now: ${error.message}`);
    process.exit(1);
  }
  process.on('exit', () => rmSync(file, { force: true }));
}

function end() {
  // Azurite listens for SIGTERM once it has started, and saves its state then. Emitted, as Windows can't send it.
  if (!process.emit('SIGTERM', 'SIGTERM')) process.exit(1);
  // It never answers a request that arrives on an open connection from now on, so a client could hold it for ever.
  setTimeout(() => process.exit(1), graceSeconds * 1000).unref();
}
