using System.Net.Sockets;
using System.Text;
using AslRescue.Shared.ServiceManager;

namespace AslRescue.Shared.Tests.ServiceManager;

/// <summary>With a real socket at the other end, as the service manager has one.</summary>
public sealed class ServiceNotifierTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_message_is_a_datagram_of_its_own_at_a_path_and_at_an_abstract_name(bool isAbstract)
    {
        using var manager = new Manager(isAbstract);
        var notifier = ServiceNotifier.At(manager.Address, TimeSpan.FromMinutes(5));
        notifier.Ready();
        notifier.Status("Ingesting: 8.39 MB\nof 33.6 MB");
        notifier.Watchdog();
        notifier.Stopping();
        notifier.Stopping();
        Assert.Equal(["READY=1", "STATUS=Ingesting: 8.39 MB of 33.6 MB", "WATCHDOG=1", "STOPPING=1"], manager.Heard());
        Assert.True(notifier.IsHeard);
        Assert.Equal(TimeSpan.FromMinutes(5), notifier.WatchdogPeriod);
    }

    [Fact]
    public void The_same_status_is_sent_once_and_a_long_one_cut()
    {
        using var manager = new Manager(isAbstract: true);
        var notifier = ServiceNotifier.At(manager.Address);
        notifier.Status("waits");
        notifier.Status("waits");
        notifier.Status(new string('x', 599) + "\U0001F4BE" + new string('y', 5000));
        notifier.Status("a name \x1b[2J");
        Assert.Equal(["STATUS=waits", "STATUS=" + new string('x', 599) + "...", @"STATUS=a name \u001b[2J"], manager.Heard());
    }

    [Fact]
    public void A_manager_that_does_not_read_holds_nobody_up()
    {
        using var manager = new Manager(isAbstract: true);
        var notifier = ServiceNotifier.At(manager.Address);
        var began = TimeProvider.System.GetTimestamp();
        for (var count = 0; count < 5000; count++)
        {
            notifier.Watchdog(); // Far more than a socket keeps.
        }

        Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(30));
        Assert.InRange(manager.Heard().Count, 1, 4999);
    }

    [Theory]
    [InlineData("@nobody-listens-here")]
    [InlineData("/nowhere/notify")]
    public void A_manager_that_is_not_there_is_no_failure(string address)
    {
        var notifier = ServiceNotifier.At(address);
        notifier.Ready();
        notifier.Status("said to nobody");
        notifier.Stopping();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("@")]
    [InlineData("relative")]
    [InlineData("vsock:2:1234")]
    public void What_is_no_address_of_a_socket_is_nobody(string? address) => Assert.False(ServiceNotifier.At(address, TimeSpan.FromSeconds(1)).IsHeard);

    [Fact]
    public void An_address_that_is_too_long_is_nobody()
    {
        var notifier = ServiceNotifier.At("/" + new string('a', 200), TimeSpan.FromSeconds(1));
        Assert.False(notifier.IsHeard);
        Assert.Null(notifier.WatchdogPeriod);
    }

    [Theory]
    [InlineData("300000000", null, 300.0)]
    [InlineData("300000000", "17", 300.0)]
    [InlineData("1500000", "17", 1.5)]
    [InlineData("300000000", "18", null)]
    [InlineData("0", "17", null)]
    [InlineData("-5", null, null)]
    [InlineData("soon", null, null)]
    [InlineData("18446744073709551615", null, null)]
    [InlineData(null, null, null)]
    public void The_watchdogs_period_is_the_one_for_this_process(string? microseconds, string? process, double? seconds) =>
        Assert.Equal(seconds, ServiceNotifier.PeriodOf(microseconds, process, 17)?.TotalSeconds);

    private sealed class Manager : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        private readonly string? _path;

        public Manager(bool isAbstract)
        {
            var name = "asl-notify-" + Guid.NewGuid().ToString("n");
            _path = isAbstract ? null : Path.Combine(Path.GetTempPath(), name);
            Address = _path ?? "@" + name;
            _socket.Bind(new UnixDomainSocketEndPoint(_path ?? "\0" + name));
        }

        public string Address { get; }

        public List<string> Heard()
        {
            List<string> heard = [];
            var buffer = new byte[8192];
            while (_socket.Poll(0, SelectMode.SelectRead))
            {
                heard.Add(Encoding.UTF8.GetString(buffer, 0, _socket.Receive(buffer)));
            }

            return heard;
        }

        public void Dispose()
        {
            _socket.Dispose();
            if (_path is not null)
            {
                File.Delete(_path);
            }
        }
    }
}
