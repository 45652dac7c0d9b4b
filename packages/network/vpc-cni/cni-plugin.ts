import { cniVersions } from './cni-call.ts';

/** Where the plugin is installed below the CNI folder, and the type by which configurations name it. */
export const pluginName = 'aws-cni';

/**
 * The program that containerd runs for each pod. It asks the daemon for the address and for what is to be done, and does
 * it: the pod's namespace can be reached from the instance, and not from the daemon's container. It is written in
 * perl, which is an essential package of Debian and Ubuntu and starts in some milliseconds; a shell has no way to talk to
 * a Unix socket, and Node would take as long to start as all the rest takes together.
 *
 * The answer's lines: `undo`, `host` and `pod` with a line for `ip -batch` each, then `result` or `error` with JSON.
 */
export function cniPlugin(socketPath: string): string {
  if (!/^\/[A-Za-z0-9/_.-]+$/.test(socketPath)) throw new Error(`no path for a socket: ${socketPath}`);
  const versions = JSON.stringify({ cniVersion: '1.0.0', supportedVersions: cniVersions });
  return `#!/usr/bin/perl
use strict;
use Socket;
$ENV{PATH} = '/usr/sbin:/usr/bin:/sbin:/bin';
$ENV{LC_ALL} = 'C';

sub fail {
    my ($code, $text) = @_;
    $text =~ s/\\s+/ /g;
    $text =~ s/(["\\\\])/\\\\$1/g;
    print qq({"cniVersion":"1.0.0","code":$code,"msg":"$text"}\\n);
    exit 1;
}

sub batch {
    my ($force, $lines, @enter) = @_;
    return '' unless @$lines;
    my $pid = open(my $ip, '|-') // fail(999, "cannot start ip: $!");
    if ($pid == 0) {
        open(STDOUT, '>', '/dev/null');
        open(STDERR, '>', '/dev/null') if $force;
        exec(@enter, 'ip', $force ? '-force' : (), '-batch', '-') or exit 127;
    }
    local $SIG{PIPE} = 'IGNORE';
    print $ip map { "$_\\n" } @$lines;
    close($ip);
    return $?;
}

my $command = $ENV{CNI_COMMAND} // '';
if ($command eq 'VERSION') {
    print '${versions}', "\\n";
    exit 0;
}

local $/ = undef;
my $configuration = <STDIN> // '';
$SIG{ALRM} = sub { fail(11, 'the daemon of aws-node does not answer') };
alarm 60;
socket(my $daemon, PF_UNIX, SOCK_STREAM, 0) or fail(999, "no socket: $!");
unless (connect($daemon, sockaddr_un('${socketPath}'))) {
    # The pod's link goes with its namespace, and the daemon forgets pods that are gone when it starts. To fail here would
    # have containerd keep the sandbox, and its name, for ever.
    exit 0 if $command eq 'DEL';
    fail(11, "the daemon of aws-node cannot be reached: $!");
}
my $variables = '';
for my $name (qw(CNI_COMMAND CNI_CONTAINERID CNI_NETNS CNI_IFNAME CNI_ARGS)) {
    my $value = $ENV{$name} // '';
    fail(4, "$name has a line break") if $value =~ /\\n/;
    $variables .= "$name=$value\\n";
}
{
    local $SIG{PIPE} = 'IGNORE';
    my $request = "$variables\\n$configuration";
    while (length $request) {
        my $sent = syswrite($daemon, $request) // fail(11, "the daemon of aws-node went away: $!");
        substr($request, 0, $sent, '');
    }
}
shutdown($daemon, 1);
my $answer = <$daemon> // '';
my %do = (undo => [], host => [], pod => []);
my ($result, $error);
for my $line (split /\\n/, $answer) {
    my ($kind, $rest) = split / /, $line, 2;
    if (exists $do{$kind}) { push @{$do{$kind}}, $rest }
    elsif ($kind eq 'result') { $result = $rest }
    elsif ($kind eq 'error') { $error = $rest }
}
if (defined $error) {
    print "$error\\n";
    exit 1;
}
fail(11, 'the daemon of aws-node ended the connection') unless defined $result;
batch(1, $do{undo});
open(my $saved, '>&', \\*STDERR);
open(my $said, '+>', undef);
open(STDERR, '>&', $said);
my $failed = batch(0, $do{host}) || batch(0, $do{pod}, 'nsenter', "--net=$ENV{CNI_NETNS}", '--');
open(STDERR, '>&', $saved);
if ($failed) {
    seek($said, 0, 0);
    fail(999, lc($command) . ' cmd: ' . <$said>);
}
print "$result\\n" if length $result;
exit 0;
`;
}

export interface NetworkConfigurationOptions {
  readonly mtu: number;
  /** AWS_VPC_K8S_CNI_VETHPREFIX. */
  readonly vethPrefix: string;
  /** Whether the instance has the plugin that forwards host ports. */
  readonly portmap: boolean;
}

/** The list that containerd reads: a node is ready for pods once it is there. */
export function networkConfiguration({ mtu, vethPrefix, portmap }: NetworkConfigurationOptions): string {
  const own = { name: pluginName, type: pluginName, vethPrefix, mtu: String(mtu) };
  const ports = { type: 'portmap', capabilities: { portMappings: true }, snat: true };
  const list = { cniVersion: '1.0.0', name: pluginName, plugins: [own, ...(portmap ? [ports] : [])] };
  return `${JSON.stringify(list, undefined, 2)}\n`;
}
