// argv -> command -> exit code. The only place that prints, reads the clock, or knows CLI11.
int main() { return 0; }
