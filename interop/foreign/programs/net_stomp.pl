#!/usr/bin/perl
# What a user of Net::Stomp does. See doc.go for what is printed.

use strict;
use warnings;
use utf8;
use Encode qw(encode_utf8);
BEGIN {
    unless (eval { require Net::Stomp; require IO::Socket::SSL; 1 }) {
        my ($why) = split /\n/, $@;
        print "absent $why\n";
        exit;
    }
}

my $version = $ENV{STOMP_VERSION};
my $wait    = 180;                    # seconds, for anything
my %notes   = (
    'headers' => { '1.0' => 'D:\\tea', '1.1' => "D:\\tea\nand more", '1.2' => "D:\\tea\r\nand more" }->{$version},
    'backslash' => 'C:\\new\\code',
);
my $receipts = 0;

# connection returns a Net::Stomp that is connected.
sub connection {
    my %opts  = (port => $ENV{STOMP_PORT}, passcode => 'guest', @_);
    my $stomp = Net::Stomp->new({
        hostname           => $ENV{STOMP_HOST},
        port               => $opts{port},
        reconnect_attempts => 1,
        timeout            => $wait,
        $opts{tls} ? (ssl => 1, ssl_options => { SSL_ca_file => $ENV{STOMP_CA} }) : (),
    });
    my $answer = $stomp->connect({
        'accept-version' => $version, host => '/', login => 'guest', passcode => $opts{passcode},
    });
    die "no answer to CONNECT\n" unless $answer;
    die $answer->headers->{message} . "\n" unless $answer->command eq 'CONNECTED';
    return ($stomp, $answer);
}

sub want {
    my ($got, $wanted, $what) = @_;
    $got //= 'nothing';
    die sprintf "%s is '%.80s', want '%.80s'\n", $what, $got, $wanted unless $got eq $wanted;
}

sub frame {
    my ($stomp, $command) = @_;
    my $f = $stomp->receive_frame or die "nothing comes\n";
    die $f->command . ' ' . ($f->headers->{message} // '') . " instead of $command\n" unless $f->command eq $command;
    return $f;
}

sub message { return frame($_[0], 'MESSAGE') }

sub receipt {
    my ($stomp, $id) = @_;
    want(frame($stomp, 'RECEIPT')->headers->{'receipt-id'}, $id, 'the receipt');
}

sub subscribe {
    my ($stomp, $destination, %more) = @_;
    my $id = 'subscribe-' . $receipts++;
    $stomp->subscribe({ destination => $destination, id => '1', ack => 'auto', %more, receipt => $id });
    receipt($stomp, $id);
}

sub send_to {
    my ($stomp, $destination, $body, %headers) = @_;
    $stomp->send({ destination => $destination, body => $body, %headers });
}

# ack_headers are what the version wants besides the message-id.
sub ack_headers {
    my ($m, %more) = @_;
    $more{id}           = $m->headers->{ack}          if $version eq '1.2';
    $more{subscription} = $m->headers->{subscription} if $version eq '1.1';
    return { frame => $m, %more };
}

# command sends a frame that Net::Stomp has no method for.
sub command {
    my ($stomp, $command, %headers) = @_;
    $stomp->send_frame(Net::Stomp::Frame->new({ command => $command, headers => \%headers }));
}

# leave returns when the broker has processed all that was sent. The method disconnect
# asks for no receipt.
sub leave {
    my ($stomp) = @_;
    command($stomp, 'DISCONNECT', receipt => 'bye');
    receipt($stomp, 'bye');
    cut($stomp);
}

# cut ends the connection as a crash does.
sub cut {
    my ($stomp) = @_;
    shutdown $stomp->socket, 2;
    $stomp->socket->close;
}

# bodies returns what a new consumer gets, up to a message that is sent now.
sub bodies {
    my ($destination) = @_;
    my ($stomp) = connection();
    send_to($stomp, $destination, 'the end');
    subscribe($stomp, $destination);
    my @got;
    while (1) {
        my $body = message($stomp)->body;
        last if $body eq 'the end';
        push @got, $body;
    }
    leave($stomp);
    return "@got";
}

sub exchange {
    my ($name, $body, %opts) = @_;
    my ($stomp) = connection(%opts);
    subscribe($stomp, "/queue/answer-$name");
    my %headers = (case => $name, answer => "/queue/answer-$name", bytes_message => 1);
    $headers{note} = $notes{$name} if $notes{$name};
    send_to($stomp, '/queue/partner', $body, %headers);
    my $m = message($stomp);
    want($m->headers->{verdict}, 'same', 'the verdict');
    want($m->body, $body, 'the body');
    want($m->headers->{note}, $notes{$name}, 'the note') if $notes{$name};
    leave($stomp);
}

# three sends three messages, receives them, and acknowledges the second.
sub three {
    my ($mode) = @_;
    my $queue = "/queue/ack-$mode";
    my ($stomp) = connection();
    send_to($stomp, $queue, $_) for 1 .. 3;
    subscribe($stomp, $queue, ack => $mode);
    for my $body (1 .. 3) {
        my $m = message($stomp);
        want($m->body, $body, 'what came');
        $stomp->ack(ack_headers($m)) if $body == 2 && $mode ne 'auto';
    }
    leave($stomp);
    return bodies($queue);
}

my %features = (
    'connect' => sub {
        my ($stomp, $connected) = connection();
        want($connected->headers->{version}, $version, 'the version');
        leave($stomp);
    },
    'refused-login' => sub {
        die "it was let in\n" if eval { connection(passcode => 'wrong'); 1 };
        want($@, "access refused\n", 'what it says');
    },
    'text'    => sub { exchange('text',    'two teas, please') },
    'utf8'    => sub { exchange('utf8',    encode_utf8('zwei Käse, 三杯茶, 🫖')) },
    'binary'  => sub { exchange('binary',  pack('C*', 0 .. 255) x 2) },
    'large'   => sub { exchange('large',   substr(join('', 'a' .. 'z') x (1 << 16), 0, 1 << 20)) },
    'headers' => sub { exchange('headers', 'see the note') },
    'backslash' => sub { exchange('backslash', 'see the note') },
    'tls'     => sub { exchange('text',    'two teas, please', port => $ENV{STOMP_TLS_PORT}, tls => 1) },
    'receipt' => sub {
        my ($stomp) = connection();
        subscribe($stomp, '/queue/receipt');    # waits for its receipt
        my ($sender) = connection();            # its receipts are for connections that only send
        $sender->send_with_receipt({ destination => '/queue/receipt', body => 'x' }) or die "no receipt\n";
        want(message($stomp)->body, 'x', 'what came');
        leave($_) for $stomp, $sender;
    },
    'topic' => sub {
        my ($stomp) = connection();
        subscribe($stomp, '/topic/news', id => $_) for 'a', 'b';
        send_to($stomp, '/topic/news', 'x');
        want(join(' ', sort map { message($stomp)->headers->{subscription} } 1, 2), 'a b', 'the receivers');
        cut($stomp);
    },
    'ack-auto'       => sub { want(three('auto'),              '',    'what came again') },
    'ack-client'     => sub { want(three('client'),            '3',   'what came again') },
    'ack-individual' => sub { want(three('client-individual'), '1 3', 'what came again') },
    'nack'           => sub {
        for my $mode ('client', 'client-individual') {
            my $queue = "/queue/nack-$mode";
            my ($stomp) = connection();
            send_to($stomp, $queue, $_) for 1, 2;
            subscribe($stomp, $queue, ack => $mode);
            my $first = message($stomp);
            $stomp->nack(ack_headers(message($stomp)));
            for my $body ($mode eq 'client' ? (1, 2) : (2)) {
                my $m = message($stomp);
                want($m->body,                     $body,  'what came again');
                want($m->headers->{redelivered}, 'true', 'redelivered');
                $stomp->ack(ack_headers($m));
            }
            $stomp->ack(ack_headers($first)) if $mode eq 'client-individual';
            leave($stomp);
            want(bodies($queue), '', 'what came once more');
        }
    },
    'commit' => sub {
        my ($stomp) = connection();
        command($stomp, 'BEGIN', transaction => 'tx');
        send_to($stomp, '/queue/commit', 'inside', transaction => 'tx');
        send_to($stomp, '/queue/commit', 'outside');
        subscribe($stomp, '/queue/commit');
        want(message($stomp)->body, 'outside', 'what came before COMMIT');
        command($stomp, 'COMMIT', transaction => 'tx');
        want(message($stomp)->body, 'inside', 'what came after COMMIT');
        leave($stomp);    # or its subscription might get the next one

        # The whole of it in one call, which commits.
        my ($sender) = connection();
        $sender->send_transactional({ destination => '/queue/commit', body => 'in one call' }) or die "no receipt\n";
        leave($sender);
        want(bodies('/queue/commit'), 'in one call', 'what came');
    },
    'abort' => sub {
        my ($stomp) = connection();
        command($stomp, 'BEGIN', transaction => 'tx');
        send_to($stomp, '/queue/abort', 'inside', transaction => 'tx');
        command($stomp, 'ABORT', transaction => 'tx');
        leave($stomp);
        want(bodies('/queue/abort'), '', 'what came after ABORT');
    },
    'ack-transaction' => sub {
        my $queue = '/queue/ack-transaction';
        my ($sender) = connection();
        send_to($sender, $queue, 'x');
        leave($sender);
        for my $end ('ABORT', 'COMMIT') {
            my ($stomp) = connection();
            subscribe($stomp, $queue, ack => 'client');
            my $m = message($stomp);
            command($stomp, 'BEGIN', transaction => 'tx');
            $stomp->ack(ack_headers($m, transaction => 'tx'));
            command($stomp, $end, transaction => 'tx');
            leave($stomp);
        }
        want(bodies($queue), '', 'what came after COMMIT');
    },
    'redelivery' => sub {
        for my $mark ('nothing', 'true') {
            my ($stomp) = connection();
            send_to($stomp, '/queue/redelivery', 'x') if $mark eq 'nothing';
            subscribe($stomp, '/queue/redelivery', ack => 'client');
            want(message($stomp)->headers->{redelivered}, $mark, 'redelivered');
            cut($stomp);
        }
    },
    'unsubscribe' => sub {
        my ($stomp) = connection();
        subscribe($stomp, '/queue/unsubscribe', id => 'old');
        $stomp->unsubscribe({ id => 'old' });
        send_to($stomp, '/queue/unsubscribe', $_) for 1, 2;
        subscribe($stomp, '/queue/unsubscribe', id => 'new');
        want(join(' ', map { message($stomp)->headers->{subscription} } 1, 2), 'new new', 'the receivers');
        cut($stomp);
    },
    'reply-to' => sub {
        my ($asker)    = connection();
        my ($answerer) = connection();
        subscribe($asker, '/temp-queue/answers');
        subscribe($answerer, '/queue/questions');
        send_to($asker, '/queue/questions', 'why?', 'reply-to' => '/temp-queue/answers');
        send_to($answerer, message($answerer)->headers->{'reply-to'}, 'because');
        want(message($asker)->body, 'because', 'the answer');
        cut($_) for $asker, $answerer;
    },
    'error' => sub {
        my ($stomp) = connection();
        $stomp->send({ body => 'to nobody' });
        want(frame($stomp, 'ERROR')->headers->{message}, 'missing destination', 'the message');
        want($stomp->receive_frame, 'nothing', 'what came behind ERROR');
    },
    'disconnect' => sub {
        my ($stomp) = connection();
        leave($stomp);
    },
    'heart-beat' => undef,
);

$| = 1;
print "client Net::Stomp $Net::Stomp::VERSION\n";
for my $name (split ' ', $ENV{STOMP_FEATURES}) {
    if (exists $features{$name} && !$features{$name}) {
        print "unsupported $name Net::Stomp knows no heart-beats.\n";
    } elsif (eval { $features{$name}->(); 1 }) {
        print "ok $name\n";
    } else {
        (my $why = $@) =~ s/\s+/ /g;
        $why =~ s/ $//;
        print "fail $name $why\n";
    }
}
