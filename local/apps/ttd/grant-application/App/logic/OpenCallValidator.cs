using Altinn.App.Core.Features;
using Altinn.App.Core.Models.Validation;
using Altinn.Platform.Storage.Interface.Models;
using Microsoft.Extensions.Options;

namespace Altinn.App.Logic;

/// <summary>Stops new applications before the call opens and after the deadline.</summary>
public sealed class OpenCallValidator(IOptions<CallSettings> call, TimeProvider time) : IInstantiationValidator
{
    public Task<InstantiationValidationResult?> Validate(Instance instance)
    {
        DateOnly today = DateOnly.FromDateTime(time.GetLocalNow().Date);
        bool open = today >= call.Value.OpensAt && today <= call.Value.ClosesAt;
        return Task.FromResult<InstantiationValidationResult?>(
            open ? null : new InstantiationValidationResult { Valid = false, CustomTextKey = "validation.callClosed" }
        );
    }
}
