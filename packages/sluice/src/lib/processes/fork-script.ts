/**
 * The program of the fork server, in Perl: it is where git is, small, and tells exit codes and signals apart, which a shell does not.
 *
 * It reads orders, each of them a length (32 bits, big-endian) and fields that end with a zero byte: `start`, a number, whether there is a pipe to its input, the
 * folder, the program, how many words, the words, the environment; or `opened` and a number, once the other side has its ends of the pipes. It answers with
 * lines: `ready`, `started <number> <pid> <in> <out> <err>` (descriptors of its own, `-1` for none), `ended <number> <status>` (as wait(2) has it), or `refused
 * <number> <why>`, before `started` or, where the program turns out not to be one, after it. When its orders end, so does what it started: SIGTERM to each group, a grace (its first argument, milliseconds), SIGKILL.
 */
export const forkScript: string = String.raw`
use strict;
use warnings;
use POSIX ();

my $grace = shift(@ARGV) / 1000;
my (%number_of, %words_of, %held, $orders, $null);
open $null, '<', '/dev/null' or die $!;
$orders = '';
$SIG{CHLD} = sub { 1 };

sub tell_node {
  my $line = join(' ', @_) . "\n";
  while (length $line) {
    my $written = syswrite STDOUT, $line;
    if (defined $written) { substr $line, 0, $written, '' }
    elsif ($! != POSIX::EINTR) { finish() }
  }
}

sub reap {
  while ((my $pid = waitpid -1, POSIX::WNOHANG) > 0) {
    my $status = $?;
    my $number = delete $number_of{$pid};
    next unless defined $number;
    # Says something only where the program could not take the child's place.
    my $words = delete $words_of{$pid};
    my $why;
    1 until defined(sysread $words, $why, 1000) or $! != POSIX::EINTR;
    if (length $why) { tell_node('refused', $number, $why) }
    else { tell_node('ended', $number, $status) }
  }
}

sub finish {
  $SIG{PIPE} = 'IGNORE';
  # A leader may be gone before those that it leads.
  my @groups = keys %number_of;
  kill 'TERM', map { -$_ } @groups;
  my $waited = 0;
  while ($waited < $grace) {
    1 while waitpid(-1, POSIX::WNOHANG) > 0;
    @groups = grep { kill 0, -$_ } @groups or last;
    select undef, undef, undef, 0.02;
    $waited += 0.02;
  }
  kill 'KILL', map { -$_ } @groups;
  exit 0;
}

sub start {
  my ($number, $has_input, $folder, $program, $count, @rest) = @_;
  my @words = splice @rest, 0, $count;
  my ($in_read, $in_write, $out_read, $out_write, $error_read, $error_write, $word_read, $word_write);
  pipe $out_read, $out_write and pipe $error_read, $error_write and pipe $word_read, $word_write
    and (!$has_input or pipe $in_read, $in_write) or return tell_node('refused', $number, $!);
  my $pid = fork;
  return tell_node('refused', $number, $!) unless defined $pid;
  if ($pid == 0) {
    POSIX::setsid();
    if (chdir $folder) {
      POSIX::dup2(fileno($has_input ? $in_read : $null), 0);
      POSIX::dup2(fileno $out_write, 1);
      POSIX::dup2(fileno $error_write, 2);
      %ENV = map { split /=/, $_, 2 } @rest;
      no warnings 'exec';
      exec { $program } @words;
    }
    syswrite $word_write, "$!";
    POSIX::_exit(127);
  }
  close $in_read if $has_input;
  close $_ for $out_write, $error_write, $word_write;
  $number_of{$pid} = $number;
  $words_of{$pid} = $word_read;
  $held{$number} = [$in_write, $out_read, $error_read];
  tell_node('started', $number, $pid, $has_input ? fileno $in_write : -1, fileno $out_read, fileno $error_read);
}

sub obey {
  my ($verb, @fields) = @_;
  if ($verb eq 'start') { start(@fields) }
  else { delete $held{$fields[0]} }
}

tell_node('ready');
while (1) {
  my $ready = '';
  vec($ready, 0, 1) = 1;
  # A child that ends between reap and select is seen at the next look.
  if (select($ready, undef, undef, %number_of ? 0.05 : undef) > 0) {
    my $read = sysread STDIN, $orders, 65536, length $orders;
    finish() if defined $read ? $read == 0 : $! != POSIX::EINTR;
  }
  while (length $orders >= 4 and length $orders >= 4 + (my $length = unpack 'N', $orders)) {
    obey(split /\0/, substr($orders, 4, $length - 1), -1);
    substr $orders, 0, 4 + $length, '';
  }
  reap();
}
`
