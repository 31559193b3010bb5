// Runs a PostgreSQL server until stdin ends, that is until the process that started this one stops it or dies.
// The server can't watch a pipe itself, and SIGKILL of our process would leave it running.
const { spawn } = require('node:child_process');

const graceSeconds = 10;
const { command, args, user } = JSON.parse(process.argv[2]);
const server = spawn(command, args, { ...user, stdio: ['ignore', 'inherit', 'inherit'] });

server.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
server.on('exit', (code) => process.exit(code ?? 1));
process.stdin.once('end', end).once('error', end).resume();
process.once('SIGTERM', end).once('SIGINT', end);

function end() {
  server.kill('SIGINT'); // "fast": ends sessions, writes a checkpoint
  setTimeout(() => server.kill('SIGQUIT'), graceSeconds * 1000); // "immediate": recovers at the next start
}
