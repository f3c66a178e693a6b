package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/util/keyutil"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

type apiServer struct {
	url      string
	ca       string // PEM
	loopback *restclient.Config
	died     <-chan error
}

// accountKey names the key that signs tokens of service accounts; made once, so that tokens outlive a restart.
func accountKey(dir string) (string, error) {
	file := filepath.Join(dir, "service-accounts.key")
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	pem, err := keyutil.MarshalPrivateKeyToPEM(key)
	if err != nil {
		return "", err
	}
	return file, keyutil.WriteKey(file, pem)
}

func apiServerFlags(s settings, etcd string) ([]string, error) {
	key, err := accountKey(s.dir)
	if err != nil {
		return nil, err
	}
	tokens := filepath.Join(s.dir, "tokens.csv")
	if err := os.WriteFile(tokens, []byte(s.token+",admin,admin,system:masters\n"), 0o600); err != nil {
		return nil, err
	}
	return []string{
		"--etcd-servers=" + etcd,
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		"--endpoint-reconciler-type=none", // refuses a loopback address
		"--cert-dir=" + s.dir,
		"--token-auth-file=" + tokens,
		"--authorization-mode=" + s.authorization,
		"--service-account-issuer=https://titrate.invalid",
		"--service-account-key-file=" + key,
		"--service-account-signing-key-file=" + key,
		"--service-cluster-ip-range=10.96.0.0/16",
		"--enable-priority-and-fairness=false", // one client; its set-up takes part of a second
		"--profiling=false",
		"--kubelet-preferred-address-types=InternalIP", // names of nodes resolve nowhere; logs are fetched by address
		// Taints new nodes until a controller that is not here has seen them.
		"--disable-admission-plugins=TaintNodesByCondition",
	}, nil
}

func startAPIServer(ctx context.Context, s settings, etcd string) (*apiServer, error) {
	run := options.NewServerRunOptions()
	flags := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	for _, set := range run.Flags().FlagSets {
		flags.AddFlagSet(set)
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
	if err != nil {
		return nil, err
	}
	run.SecureServing.Listener = listener
	run.SecureServing.BindPort = listener.Addr().(*net.TCPAddr).Port
	args, err := apiServerFlags(s, etcd)
	if err != nil {
		return nil, err
	}
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if err := run.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return nil, err
	}
	completed, err := run.Complete(ctx)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(completed.Validate()...); err != nil {
		return nil, err
	}
	config, err := app.NewConfig(completed)
	if err != nil {
		return nil, err
	}
	whole, err := config.Complete()
	if err != nil {
		return nil, err
	}
	chain, err := app.CreateServerChain(whole)
	if err != nil {
		return nil, err
	}
	prepared, err := chain.PrepareRun()
	if err != nil {
		return nil, err
	}
	died := make(chan error, 1)
	go func() { died <- prepared.Run(ctx) }()
	ca, err := os.ReadFile(run.SecureServing.ServerCert.CertKey.CertFile)
	if err != nil {
		return nil, err
	}
	return &apiServer{
		url:      fmt.Sprintf("https://127.0.0.1:%d", run.SecureServing.BindPort),
		ca:       string(ca),
		loopback: chain.GenericAPIServer.LoopbackClientConfig,
		died:     died,
	}, nil
}
