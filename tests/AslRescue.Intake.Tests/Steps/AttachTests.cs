using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AslRescue.Intake.Approvals;
using AslRescue.Intake.Steps;
using AslRescue.Intake.Tests.Fakes;
using AslRescue.Shared.Errors;
using AslRescue.Shared.Network;
using AslRescue.Store.Backends.Http;

namespace AslRescue.Intake.Tests.Steps;

public sealed class AttachTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("asl-attach-").FullName;

    [Fact]
    public async Task An_existing_directory_is_a_backend_and_nothing_is_left_in_it()
    {
        var backend = await new DirectoryAttach().AttachAsync(Context(_folder), TestContext.Current.CancellationToken);
        Assert.Equal((_folder, BackendKinds.LocalDirectory), (backend.Location, backend.Kind));
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public async Task A_directory_that_is_missing_a_file_or_not_writable_may_be_tried_again()
    {
        var file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        foreach (var path in new[] { file, Path.Combine(_folder, "missing"), "/proc/self" })
        {
            var error = (await Assert.ThrowsAsync<AslException>(() =>
                new DirectoryAttach().AttachAsync(Context(path), TestContext.Current.CancellationToken))).Error;
            Assert.Equal((ErrorCode.AttachFailed, path, false), (error.Code, error.Where, error.IsPermanent));
        }
    }

    [Fact]
    public async Task An_endpoint_that_nobody_listens_at_is_not_reachable_and_may_be_tried_again()
    {
        using var bound = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp); // Nobody else gets the port, and nobody listens at it.
        bound.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var error = await EndpointError(((IPEndPoint)bound.LocalEndPoint!).Port, null);
        Assert.Equal((ErrorCode.EndpointUnreachable, false), (error.Code, error.IsPermanent));
        Assert.StartsWith("the endpoint cannot be reached", error.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_endpoint_that_does_not_speak_is_given_up_in_time()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var error = await EndpointError(((IPEndPoint)listener.LocalEndpoint).Port, null, TimeSpan.FromMilliseconds(300));
        Assert.Equal((ErrorCode.EndpointUnreachable, false), (error.Code, error.IsPermanent));
    }

    [Fact]
    public async Task An_endpoint_must_prove_who_it_is_and_speak_our_protocol()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var ca = Path.Combine(_folder, "ca.pem");
        File.WriteAllText(ca, certificate.ExportCertificatePem());
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync(listener, certificate);
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        var stranger = await EndpointError(port, null);
        Assert.Equal((ErrorCode.RemoteUntrusted, false), (stranger.Code, stranger.IsPermanent));
        Assert.Contains("signed by itself", stranger.Why, StringComparison.Ordinal);
        Assert.Equal((ErrorCode.EndpointUnreachable, false), (await EndpointError(port, ca)) is var silent ? (silent.Code, silent.IsPermanent) : default);
        Assert.Equal(ErrorCode.RemoteUntrusted, (await EndpointError(port, Path.Combine(_folder, "missing.pem"))).Code);
        listener.Stop();
        await serving;
    }

    [Fact]
    public async Task Remote_without_an_endpoint_that_answers_ends_with_the_operator_and_the_reason()
    {
        using var bench = new Bench { Decisions = new FakeDecisions("boot-1") { Reading = new DecisionReading(FakeDecisions.Remote("boot-1"), "") } };
        bench.Settings = bench.Settings with
        {
            Remote = bench.Settings.Remote with { Endpoint = new Uri("https://127.0.0.1:9/"), Approve = true },
            Retry = new RetrySettings { AttemptsMax = 3 },
        };
        var remote = new RemoteAttach(endpoint => Open(endpoint, bench.Settings.Remote.Ca, TimeSpan.FromSeconds(5)), "domain");
        bench.Change = parts => parts with
        {
            Attach = new Dictionary<string, IAttachStep> { [BackendKinds.Remote] = remote },
            Commander = null,
            LeavesWhenAsked = true,
        };
        var outcome = await bench.RunAsync();
        Assert.Equal((Intake.Machine.IntakeState.AwaitingApproval, ExitCodes.Waiting), (outcome.State, outcome.ExitCode));
        Assert.Contains("the endpoint cannot be reached: Connection refused", outcome.Reason, StringComparison.Ordinal);
        Assert.Equal(
            ["decided", "approved-remote", "failed", "retry-remote", "failed", "retry-remote", "failed", "exhausted"], Audit.Triggers(bench.Records()));
        Audit.Replay(bench.Records(), bench.Contract);
    }

    [Fact]
    public void The_kernels_mounts_and_file_system_types_are_asked()
    {
        Assert.NotNull(new KernelMounts().Read().At("/proc"));
        Assert.Equal(0x9fa0, new KernelMounts().FileSystemType("/proc"));
    }

    [Fact]
    public void Retries_wait_twice_as_long_each_time_with_jitter_up_to_a_limit()
    {
        var settings = new RetrySettings { Delay = TimeSpan.FromSeconds(2), DelayMax = TimeSpan.FromSeconds(30) };
        for (var seed = 0; seed < 200; seed++)
        {
            var policy = new RetryPolicy(settings, new Random(seed));
            for (var failures = 1; failures < 100; failures++)
            {
                var whole = Math.Min(30, 2 * Math.Pow(2, failures - 1));
                Assert.InRange(policy.Delay(failures).TotalSeconds, whole / 2, whole);
            }
        }
    }

    [Theory]
    [InlineData(1, 0, 1, null)]
    [InlineData(5, 0, 1, null)]
    [InlineData(6, 0, 1, "6 attempts are used up")]
    [InlineData(1, 899, 2, "the time for retries, 00:15:00, is used up")]
    public void Retries_end_with_their_number_or_their_time(int failures, int elapsed, int delay, string? why) => Assert.Equal(
        why, new RetryPolicy(new RetrySettings(), new Random(1)).WhyExhausted(failures, TimeSpan.FromSeconds(elapsed), TimeSpan.FromSeconds(delay)));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static HttpBackend Open(Uri endpoint, string? ca, TimeSpan patience) => new(
        new RemoteOptions { Endpoint = endpoint, Trust = new EndpointTrust(ca, null), Patience = patience, Retry = new RemoteRetry { AttemptsMax = 2, Delay = TimeSpan.FromMilliseconds(1) } }, TimeProvider.System);

    private static async Task<AslError> EndpointError(int port, string? ca, TimeSpan? timeout = null)
    {
        var step = new RemoteAttach(endpoint => Open(endpoint, ca, timeout ?? TimeSpan.FromSeconds(10)), "domain");
        var request = GateBench.NewRequest(BackendKinds.Remote) with { Endpoint = $"https://localhost:{port}/" };
        return (await Assert.ThrowsAsync<AslException>(() =>
            step.AttachAsync(new AttachContext(request, new HashSet<string>(), _ => { }), TestContext.Current.CancellationToken))).Error;
    }

    private static async Task ServeAsync(TcpListener listener, X509Certificate2 certificate)
    {
        while (true)
        {
            try
            {
                using var client = await listener.AcceptTcpClientAsync();
                await using var tls = new SslStream(client.GetStream());
                await tls.AuthenticateAsServerAsync(certificate);
            }
            catch (Exception failure) when (failure is IOException or System.Security.Authentication.AuthenticationException)
            {
                // The client did not like what it saw.
            }
            catch (Exception closed) when (closed is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
        }
    }

    private static AttachContext Context(string directory) =>
        new(GateBench.NewRequest() with { Directory = directory }, new HashSet<string>(), _ => { });
}
