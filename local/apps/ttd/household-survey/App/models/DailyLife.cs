#nullable enable
using System;
using System.Collections.Generic;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using System.Xml.Serialization;
using Newtonsoft.Json;

namespace Altinn.App.Models;

/// <summary>Hverdagen: reiser, kultur, helse og frivillighet.</summary>
[XmlRoot(ElementName = "DailyLife")]
public class DailyLife
{
    [XmlElement("transport", Order = 1)]
    [JsonProperty("transport")]
    [JsonPropertyName("transport")]
    public Transport? Transport { get; set; }

    [XmlElement("internet", Order = 2)]
    [JsonProperty("internet")]
    [JsonPropertyName("internet")]
    public Internet? Internet { get; set; }

    [XmlElement("culture", Order = 3)]
    [JsonProperty("culture")]
    [JsonPropertyName("culture")]
    public Culture? Culture { get; set; }

    [XmlElement("outdoors", Order = 4)]
    [JsonProperty("outdoors")]
    [JsonPropertyName("outdoors")]
    public Outdoors? Outdoors { get; set; }

    [XmlElement("health", Order = 5)]
    [JsonProperty("health")]
    [JsonPropertyName("health")]
    public Health? Health { get; set; }

    [XmlElement("volunteering", Order = 6)]
    [JsonProperty("volunteering")]
    [JsonPropertyName("volunteering")]
    public Volunteering? Volunteering { get; set; }

    [XmlElement("comments", Order = 7)]
    [JsonProperty("comments")]
    [JsonPropertyName("comments")]
    public Comments? Comments { get; set; }
}

public class Transport
{
    /// <summary>Hvor mange biler har husholdningen.</summary>
    [XmlElement("cars", Order = 1)]
    [JsonProperty("cars")]
    [JsonPropertyName("cars")]
    [Required]
    public int? Cars { get; set; }

    /// <summary>Hvordan kommer du deg vanligvis til jobb eller skole.</summary>
    [MaxLength(255)]
    [XmlElement("commute", Order = 2)]
    [JsonProperty("commute")]
    [JsonPropertyName("commute")]
    public string? Commute { get; set; }

    /// <summary>Reisetid hver vei i minutter.</summary>
    [XmlElement("minutes", Order = 3)]
    [JsonProperty("minutes")]
    [JsonPropertyName("minutes")]
    public int? Minutes { get; set; }
}

public class Internet
{
    /// <summary>Hva slags internett har dere hjemme.</summary>
    [MaxLength(255)]
    [XmlElement("connection", Order = 1)]
    [JsonProperty("connection")]
    [JsonPropertyName("connection")]
    public string? Connection { get; set; }

    /// <summary>Hvor ofte bruker du offentlige tjenester på nett.</summary>
    [MaxLength(255)]
    [XmlElement("publicServices", Order = 2)]
    [JsonProperty("publicServices")]
    [JsonPropertyName("publicServices")]
    public string? PublicServices { get; set; }

    /// <summary>Jeg trenger hjelp til å bruke offentlige tjenester på nett.</summary>
    [MaxLength(255)]
    [XmlElement("needsHelp", Order = 3)]
    [JsonProperty("needsHelp")]
    [JsonPropertyName("needsHelp")]
    public string? NeedsHelp { get; set; }
}

public class Culture
{
    /// <summary>Hva har du vært på de siste tolv månedene.</summary>
    [MaxLength(255)]
    [XmlElement("activities", Order = 1)]
    [JsonProperty("activities")]
    [JsonPropertyName("activities")]
    public string? Activities { get; set; }

    /// <summary>Hvor mange bøker har du lest eller hørt.</summary>
    [XmlElement("books", Order = 2)]
    [JsonProperty("books")]
    [JsonPropertyName("books")]
    public int? Books { get; set; }

    /// <summary>Hva hindrer deg i å delta mer.</summary>
    [MaxLength(255)]
    [XmlElement("barriers", Order = 3)]
    [JsonProperty("barriers")]
    [JsonPropertyName("barriers")]
    public string? Barriers { get; set; }
}

public class Outdoors
{
    /// <summary>Hvor ofte går du tur i skog, mark eller fjell.</summary>
    [MaxLength(255)]
    [XmlElement("frequency", Order = 1)]
    [JsonProperty("frequency")]
    [JsonPropertyName("frequency")]
    public string? Frequency { get; set; }

    /// <summary>Hva slags friluftsliv driver du med.</summary>
    [MaxLength(255)]
    [XmlElement("activities", Order = 2)]
    [JsonProperty("activities")]
    [JsonPropertyName("activities")]
    public string? Activities { get; set; }
}

public class Health
{
    /// <summary>Hvordan er helsen din alt i alt.</summary>
    [MaxLength(255)]
    [XmlElement("general", Order = 1)]
    [JsonProperty("general")]
    [JsonPropertyName("general")]
    public string? General { get; set; }

    /// <summary>Er det noe du ikke kan gjøre på grunn av helsen.</summary>
    [MaxLength(255)]
    [XmlElement("limits", Order = 2)]
    [JsonProperty("limits")]
    [JsonPropertyName("limits")]
    public string? Limits { get; set; }

    /// <summary>Hvor ofte trener du.</summary>
    [MaxLength(255)]
    [XmlElement("exercise", Order = 3)]
    [JsonProperty("exercise")]
    [JsonPropertyName("exercise")]
    public string? Exercise { get; set; }
}

public class Volunteering
{
    /// <summary>Hvor har du gjort frivillig arbeid det siste året.</summary>
    [MaxLength(255)]
    [XmlElement("areas", Order = 1)]
    [JsonProperty("areas")]
    [JsonPropertyName("areas")]
    public string? Areas { get; set; }

    /// <summary>Omtrent hvor mange timer til sammen.</summary>
    [XmlElement("hours", Order = 2)]
    [JsonProperty("hours")]
    [JsonPropertyName("hours")]
    public int? Hours { get; set; }
}

public class Comments
{
    /// <summary>Er det noe du vil legge til.</summary>
    [MaxLength(2000)]
    [XmlElement("text", Order = 1)]
    [JsonProperty("text")]
    [JsonPropertyName("text")]
    public string? Text { get; set; }
}
