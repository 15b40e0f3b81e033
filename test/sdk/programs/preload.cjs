// Counts the threads that it is loaded into.
process.stderr.write("preloaded\n");
