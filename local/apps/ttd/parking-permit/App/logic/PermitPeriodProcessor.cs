#nullable enable
using System;
using System.Threading.Tasks;
using Altinn.App.Core.Features;
using Altinn.Platform.Storage.Interface.Models;
using Permit = Altinn.App.Models.ParkingPermit.ParkingPermit;

namespace Altinn.App.Logic;

/// <summary>Sets the end date and the fee from the start date and the chosen duration.</summary>
public class PermitPeriodProcessor : IDataProcessor
{
    public Task ProcessDataRead(Instance instance, Guid? dataId, object data, string? language) => Task.CompletedTask;

    public Task ProcessDataWrite(Instance instance, Guid? dataId, object data, object? previousData, string? language)
    {
        if (data is Permit { Permit: { } permit })
        {
            (permit.EndDate, permit.Fee) = permit.Duration switch
            {
                "P1M" => (permit.StartDate?.AddMonths(1).AddDays(-1), 350),
                "P6M" => (permit.StartDate?.AddMonths(6).AddDays(-1), 1800),
                "P1Y" => (permit.StartDate?.AddYears(1).AddDays(-1), 3200),
                _ => ((DateTime?)null, (int?)null),
            };
        }

        return Task.CompletedTask;
    }
}
