/**
 * The program of the fork server, in Perl: it is where git is, small, and tells exit codes and signals apart, which a shell does not.
 *
 * It forks ahead of time: a child that waits, in a session of its own and with its pipes, becomes a program as soon as the other side writes to its input what that
 * is to be. Nothing has to be made then, and nobody but the child has to wake up.
 *
 * It reads lines: `prepare <count>`, for so many more that wait, and `opened <pid>`, once the other side has its ends of that one's pipes. It answers with lines:
 * `ready`, `waits <pid> <in> <out> <err>` (descriptors of its own), `refused 0 <why>` where there could be none, `ended <pid> <status>` (as wait(2) has it), or
 * `refused <pid> <why>` where what it was to become turned out not to be a program. When its lines end, so does what it started: SIGTERM to each group, a grace
 * (its first argument, milliseconds), SIGKILL.
 *
 * What one that waits reads is a length (32 bits, big-endian) and fields that end with a zero byte: whether what follows is the program's to read, the folder, the
 * program, how many words, the words, the environment. Without it, it goes.
 */
export const forkScript: string = String.raw`
use strict;
use warnings;
use POSIX ();

my $grace = shift(@ARGV) / 1000;
my (%words_of, %held, $lines, $null, $bell, $rope);
open $null, '<', '/dev/null' or die $!;
pipe $bell, $rope or die $!;
$lines = '';
# One that ends just before the next look is heard at that look, too.
$SIG{CHLD} = sub { local $!; syswrite $rope, '.' };
# Nobody to tell is an end like any other: what runs must not be left alone for it.
$SIG{PIPE} = 'IGNORE';

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
    # Says something only where the program could not take the child's place.
    my $words = delete $words_of{$pid} or next;
    my $why;
    1 until defined(sysread $words, $why, 1000) or $! != POSIX::EINTR;
    if (length $why) { tell_node('refused', $pid, $why) }
    else { tell_node('ended', $pid, $status) }
  }
}

sub finish {
  # A leader may be gone before those that it leads; one that was just forked does not lead yet.
  my @groups = keys %words_of;
  kill 'TERM', map { ($_, -$_) } @groups;
  my $waited = 0;
  while ($waited < $grace) {
    1 while waitpid(-1, POSIX::WNOHANG) > 0;
    @groups = grep { kill(0, -$_) || kill(0, $_) } @groups or last;
    select undef, undef, undef, 0.02;
    $waited += 0.02;
  }
  kill 'KILL', map { ($_, -$_) } @groups;
  exit 0;
}

sub prepare {
  my ($in_read, $in_write, $out_read, $out_write, $error_read, $error_write, $word_read, $word_write);
  pipe $in_read, $in_write and pipe $out_read, $out_write and pipe $error_read, $error_write and pipe $word_read, $word_write
    or return tell_node('refused', 0, $!);
  my $pid = fork;
  return tell_node('refused', 0, $!) unless defined $pid;
  if ($pid == 0) {
    # The other ends of its own pipes: it would never read the end of what it holds itself.
    close $_ for $in_write, $out_read, $error_read, $word_read;
    become($in_read, $out_write, $error_write, $word_write);
  }
  $words_of{$pid} = $word_read;
  $held{$pid} = [$in_write, $out_read, $error_read];
  tell_node('waits', $pid, map { fileno $_ } $in_write, $out_read, $error_read);
}

sub become {
  my ($in, $out, $errors, $words) = @_;
  $SIG{$_} = 'DEFAULT' for 'CHLD', 'PIPE';
  POSIX::setsid();
  POSIX::dup2(fileno $in, 0);
  POSIX::dup2(fileno $out, 1);
  POSIX::dup2(fileno $errors, 2);
  # The ends of others' pipes, which their end depends on.
  close $_ for $in, $out, $errors, map { @$_ } values %held;
  my ($has_input, $folder, $program, $count, @rest) = split /\0/, take(unpack 'N', take(4)), -1;
  pop @rest;
  my @argv = splice @rest, 0, $count;
  POSIX::dup2(fileno $null, 0) unless $has_input;
  if (chdir $folder) {
    %ENV = map { split /=/, $_, 2 } @rest;
    no warnings 'exec';
    exec { $program } @argv;
  }
  syswrite $words, "$!";
  POSIX::_exit(127);
}

sub take {
  my ($wanted) = @_;
  my $text = '';
  while (length $text < $wanted) {
    my $read = sysread STDIN, $text, $wanted - length $text, length $text;
    POSIX::_exit(0) if defined $read ? $read == 0 : $! != POSIX::EINTR;
  }
  return $text;
}

tell_node('ready');
while (1) {
  my $ready = '';
  vec($ready, 0, 1) = 1;
  vec($ready, fileno $bell, 1) = 1;
  if (select($ready, undef, undef, %words_of ? 0.1 : undef) > 0) {
    sysread $bell, my $rung, 4096 if vec($ready, fileno $bell, 1);
    if (vec($ready, 0, 1)) {
      my $read = sysread STDIN, $lines, 65536, length $lines;
      finish() if defined $read ? $read == 0 : $! != POSIX::EINTR;
    }
  }
  while ($lines =~ s/^(\w+) (\d+)\n//) {
    if ($1 eq 'opened') { delete $held{$2} }
    else { my $count = $2; prepare() for 1 .. $count }
  }
  reap();
}
`
