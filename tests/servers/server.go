package servers

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// startLimit is how long a server may take until it is ready, and stopLimit until it is gone: far above what either
// needs (one second), since a loaded machine must not fail a test.
const (
	startLimit = 60 * time.Second
	stopLimit  = 20 * time.Second
)

// Server is a running database server. Its fields do not change; it may be used from any goroutine.
type Server struct {
	// Host and Port are where it listens: always the loopback interface.
	Host string
	Port int

	folder  string
	command *exec.Cmd
	exited  chan struct{} // Closed when the process is gone and its output read.
}

// Address returns host:port.
func (s *Server) Address() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// Stop ends the server, waits until it is gone and removes its data. Calling it again, or on nil, does nothing.
func (s *Server) Stop() error {
	if s == nil {
		return nil
	}
	err := s.stop()
	return errors.Join(err, os.RemoveAll(s.folder))
}

func (s *Server) stop() error {
	select {
	case <-s.exited:
		return nil
	default:
	}
	// PostgreSQL takes SIGQUIT for "at once, without saving", MariaDB has no such signal: the data is thrown away.
	_ = s.command.Process.Signal(stopSignal(s.command.Path))
	select {
	case <-s.exited:
		return nil
	case <-time.After(stopLimit):
		_ = s.command.Process.Kill()
		<-s.exited
		return fmt.Errorf("servers: %s did not stop within %s and was killed", filepath.Base(s.command.Path), stopLimit)
	}
}

func stopSignal(path string) os.Signal {
	if filepath.Base(path) == "postgres" {
		return syscall.SIGQUIT
	}
	return syscall.SIGKILL
}

// plan says how to bring up one kind of server.
type plan struct {
	name string
	// users are the accounts to run it as if we are root, which these servers refuse; the first that exists is taken.
	users []string
	// create is the command that makes the data folder.
	create func(folder string) []string
	// serve is the command that runs the server.
	serve func(folder string, port int) []string
	// ready is in the line of its log that says connections are accepted.
	ready string
}

// start makes a data folder, starts the server and waits for the log line that says it is ready.
func (p plan) start() (*Server, error) {
	folder, err := os.MkdirTemp("", "daybook-"+strings.ToLower(p.name)+"-")
	if err != nil {
		return nil, fmt.Errorf("servers: %s: %w", p.name, err)
	}
	server, err := p.startIn(folder)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("servers: %s: %w", p.name, err), os.RemoveAll(folder))
	}
	return server, nil
}

func (p plan) startIn(folder string) (*Server, error) {
	account, err := p.account()
	if err != nil {
		return nil, err
	}
	if account != nil {
		if err := os.Chown(folder, int(account.Uid), int(account.Gid)); err != nil {
			return nil, err
		}
	}
	prepare := func(ctx context.Context, words []string) *exec.Cmd {
		command := exec.CommandContext(ctx, words[0], words[1:]...)
		command.Dir = folder
		command.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC", "HOME="+folder, "TMPDIR="+folder)
		command.SysProcAttr = processAttributes(account)
		return command
	}
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	create := prepare(ctx, p.create(folder))
	if output, err := create.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", filepath.Base(create.Path), err, output)
	}
	// Between our choice of a free port and the server's bind another program may take it: then try another one.
	for attempt := 1; ; attempt++ {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		server, err := launch(prepare(context.Background(), p.serve(folder, port)), p.ready) // Until it is stopped.
		if err == nil {
			server.folder, server.Host, server.Port = folder, "127.0.0.1", port
			return server, nil
		}
		if attempt == 3 {
			return nil, err
		}
	}
}

// account returns whom the server runs as: nil for ourselves, unless we are root.
func (p plan) account() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range p.users {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(found.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(found.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, fmt.Errorf("we are root and no user of %q exists to run it as", p.users)
}

func freePort() (int, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// launch starts the command and returns once a line of its log contains ready.
func launch(command *exec.Cmd, ready string) (*Server, error) {
	output, input, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	command.Stdout, command.Stderr = input, input
	err = command.Start()
	_ = input.Close() // The process has its own; ours would keep the log from ever ending.
	if err != nil {
		_ = output.Close()
		return nil, err
	}
	server := &Server{command: command, exited: make(chan struct{})}
	log := make(chan string)
	go func() {
		defer close(server.exited)
		defer close(log)
		defer output.Close()
		forward(output, ready, log)
		_ = command.Wait() // How a server that was told to die says so is of no interest.
	}()

	select {
	case text := <-log:
		if strings.Contains(text, ready) {
			return server, nil
		}
		<-server.exited
		return nil, fmt.Errorf("%s ended before it was ready:\n%s", filepath.Base(command.Path), text)
	case <-time.After(startLimit):
		_ = command.Process.Kill()
		text := <-log
		<-server.exited
		return nil, fmt.Errorf("%s was not ready within %s:\n%s", filepath.Base(command.Path), startLimit, text)
	}
}

// forward reads a server's log to its end, so that the server is never held up. It sends once: all lines so far when
// one contains ready, or all lines when the log ends before.
func forward(output io.Reader, ready string, log chan<- string) {
	var text strings.Builder
	sent := false
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if sent {
			continue
		}
		text.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), ready) {
			log <- text.String()
			sent = true
		}
	}
	if !sent {
		log <- text.String()
	}
}
