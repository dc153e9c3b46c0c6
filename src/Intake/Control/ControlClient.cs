using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using AslRescue.Shared.Errors;

namespace AslRescue.Intake.Control;

/// <summary>The other end of the control socket: what the verbs status, approve, deny, add, key and cancel use. One request at a time.</summary>
public sealed class ControlClient : IDisposable
{
    private static readonly TimeSpan WriteMax = TimeSpan.FromSeconds(10);
    private readonly LineChannel _channel;
    private readonly IntakePaths _paths;

    private ControlClient(LineChannel channel, IntakePaths paths) => (_channel, _paths) = (channel, paths);

    /// <summary>Connects.</summary>
    /// <exception cref="AslException">IntakeNotRunning.</exception>
    public static async Task<ControlClient> ConnectAsync(IntakePaths paths, CancellationToken cancellationToken)
    {
        var socket = ControlSocket.New();
        try
        {
            using var place = new ControlSocket(paths.Socket);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(place.Address), cancellationToken);
            return new ControlClient(new LineChannel(socket, LineChannel.AnswerBytesMax), paths);
        }
        catch (Exception failure) when (failure is SocketException or IOException)
        {
            socket.Dispose();
            throw NotRunning(paths, Path.Exists(paths.Socket) ? "nobody listens at the socket: intake was killed" : "there is no socket: intake was not started, or has ended");
        }
    }

    /// <summary>How things stand.</summary>
    public Task<IntakeStatus> StatusAsync(CancellationToken cancellationToken) =>
        AskAsync(new ControlRequest { Verb = "status" }, cancellationToken);

    /// <summary>Yes to a request.</summary>
    /// <exception cref="AslException">RequestRefused.</exception>
    public Task<IntakeStatus> ApproveAsync(string id, CancellationToken cancellationToken) =>
        AskAsync(new ControlRequest { Verb = "approve", Id = id }, cancellationToken);

    /// <summary>No to a request: the run ends.</summary>
    /// <exception cref="AslException">RequestRefused.</exception>
    public Task<IntakeStatus> DenyAsync(string id, CancellationToken cancellationToken) =>
        AskAsync(new ControlRequest { Verb = "deny", Id = id }, cancellationToken);

    /// <summary>One more source.</summary>
    /// <exception cref="AslException">RequestRefused.</exception>
    public Task<IntakeStatus> AddAsync(string source, CancellationToken cancellationToken) =>
        AskAsync(new ControlRequest { Verb = "add", Source = source }, cancellationToken);

    /// <summary>Ends the run.</summary>
    /// <exception cref="AslException">RequestRefused.</exception>
    public Task<IntakeStatus> CancelAsync(CancellationToken cancellationToken) =>
        AskAsync(new ControlRequest { Verb = "cancel" }, cancellationToken);

    /// <summary>The key of the backend's encrypted dataset, which intake hands to ZFS.</summary>
    /// <exception cref="AslException">RequestRefused.</exception>
    public Task<IntakeStatus> KeyAsync(ReadOnlySpan<byte> key, CancellationToken cancellationToken) =>
        AskAsync(new ControlRequest { Verb = "key", Key = Convert.ToBase64String(key) }, cancellationToken);

    /// <summary>A status now and for each change; ends when the run does.</summary>
    public async IAsyncEnumerable<IntakeStatus> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await SendAsync(new ControlRequest { Verb = "watch" }, cancellationToken);
        while (await ReadAsync(cancellationToken) is { } answer)
        {
            yield return answer.Status ?? throw Refused(answer);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _channel.Dispose();

    private async Task<IntakeStatus> AskAsync(ControlRequest request, CancellationToken cancellationToken)
    {
        await SendAsync(request, cancellationToken);
        var answer = await ReadAsync(cancellationToken) ?? throw NotRunning(_paths, "it closed the connection");
        return answer.Ok && answer.Status is { } status ? status : throw Refused(answer);
    }

    private async Task SendAsync(ControlRequest request, CancellationToken cancellationToken)
    {
        try
        {
            await _channel.WriteAsync(request, IntakeJson.Default.ControlRequest, WriteMax, cancellationToken);
        }
        catch (SocketException gone)
        {
            throw NotRunning(_paths, gone.Message);
        }
    }

    private async Task<ControlAnswer?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var line = await _channel.ReadAsync(Timeout.InfiniteTimeSpan, cancellationToken);
            return line is null ? null : ControlAnswer.Parse(line);
        }
        catch (Exception failure) when (failure is SocketException or JsonException or InvalidDataException)
        {
            throw NotRunning(_paths, failure.Message);
        }
    }

    private static AslException Refused(ControlAnswer answer) =>
        new(answer.Error?.ToError() ?? new AslError(ErrorCode.RequestRefused, "the request was refused") { Fix = "asl-intake status" });

    /// <summary>The error when nobody answers, with what starts an intake here.</summary>
    public static AslException NotRunning(IntakePaths paths, string why) =>
        new(new AslError(ErrorCode.IntakeNotRunning, "no intake answers on this machine")
        {
            Where = paths.Socket,
            Why = why,
            Fix = paths.IsSystem ? "systemctl start asl-intake   (systemctl status asl-intake tells why it ended)" : "asl-intake serve   (starts it)",
        });
}
